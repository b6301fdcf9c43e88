/** The API's contract about rules: what is watched, what waits, and what a rule would have done. */
import { z } from "zod";
import { ALARM_PRIORITIES, label } from "./contract.ts";

const time = z.string().describe("ISO 8601, UTC");

export const RULE_STATES = ["watching", "waiting"] as const;

export const ruleItem = z.object({
  id: z.string(),
  kind: z.enum(["alarm", "policy"]),
  version: z.number(),
  name: label,
  author: z.string(),
  owner: z.string(),
  source: z.string().optional(),
  effective: z.string().optional(),
  /** Of a policy. */
  mode: z.enum(["advise", "shadow", "act"]).optional(),
  /** `waiting`: some of what it is about is not announced, or has a unit its limits do not fit. */
  state: z.enum(RULE_STATES),
  points: z.number().describe("points it watches now"),
  waitsFor: z.array(z.string()).describe("names nobody has announced, or points that do not fit"),
  priorities: z.array(z.enum(ALARM_PRIORITIES)),
  response: label.optional(),
});

/** One rule with the text it stands in; the ETag of the answer goes back as If-Match. */
export const ruleDetail = ruleItem.extend({ text: z.string().describe("YAML") });
export const ruleBody = z.object({ text: z.string().min(1).max(100_000).describe("YAML") });

export const backtestBody = z.object({
  from: z.string(),
  to: z.string().optional(),
  /** A changed rule as YAML; the one in force when left out. */
  rule: z.string().max(100_000).optional(),
});

export const backtestReport = z.object({
  rule: z.string(),
  from: time,
  to: time,
  points: z.number(),
  samples: z.number(),
  raises: z.number(),
  activeS: z.number(),
  longestS: z.number(),
  worst: z.array(z.object({ point: z.string(), raises: z.number() })),
  episodes: z.array(
    z.object({ point: z.string(), from: time, to: time.optional(), level: z.number() }),
  ),
  variants: z
    .array(
      z.object({
        onDelayS: z.number().optional(),
        hysteresis: z.number().optional(),
        raises: z.number(),
      }),
    )
    .describe("the same rule, a little less nervous"),
  misfits: z.array(z.string()),
});

export type RuleDetailView = z.infer<typeof ruleDetail>;
export type RuleItemView = z.infer<typeof ruleItem>;
export type BacktestReportView = z.infer<typeof backtestReport>;
