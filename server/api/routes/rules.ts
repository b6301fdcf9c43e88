/** Rules: what is in force and what it waits for, and what a rule would have done. */
import { z } from "zod";
import type { Clock } from "../../../core/clock.ts";
import { formatProblems } from "../../../core/document.ts";
import { LamplighterError } from "../../../core/errors.ts";
import { parseRuleId } from "../../../core/ids.ts";
import { type Instant, parseInstant, toIso } from "../../../core/time.ts";
import type { Plant, Spaces } from "../../plant.ts";
import type { AlarmRule, ControlPolicy, Rule } from "../../rules/rule.ts";
import type { RuleBook, WrittenRule } from "../../rules/rule-book.ts";
import type { RuleEngine } from "../../rules/rule-engine.ts";
import { parseRuleFile } from "../../rules/rule-file.ts";
import { type BacktestReport, runBacktest } from "../../rules/trial/backtest.ts";
import type { SeriesReader } from "../../store/store.ts";
import {
  type BacktestReportView,
  backtestBody,
  backtestReport,
  type RuleDetailView,
  type RuleItemView,
  ruleBody,
  ruleDetail,
  ruleItem,
} from "../contract-rules.ts";
import { authorOf, type Reply, type Routes } from "../http-server.ts";

export interface RuleRouteParts {
  readonly clock: Clock;
  readonly rules: Pick<RuleBook, "rules" | "get" | "put">;
  readonly engine: Pick<RuleEngine, "waiting" | "pointsOf">;
  readonly plant: Pick<Plant, "points">;
  readonly spaces: Spaces;
  readonly series: SeriesReader;
}

const byId = z.object({ id: z.string().min(1).max(64) });
const MILLISECONDS_PER_SECOND = 1_000;

export function ruleRoutes(parts: RuleRouteParts): Routes {
  // One at a time: a backtest is the only thing here that may take seconds.
  let isRunning = false;
  return (api) => {
    api.get(
      "/api/rules",
      { schema: { response: { 200: z.object({ items: z.array(ruleItem) }) } } },
      () => ({ items: parts.rules.rules().map((rule) => ruleView(rule, parts)) }),
    );
    api.get(
      "/api/rules/:id",
      { schema: { params: byId, response: { 200: ruleDetail } } },
      ({ params }, reply) => detailView(writtenRule(parts, params.id), parts, reply),
    );
    api.put(
      "/api/rules/:id",
      {
        config: { access: "administer" },
        schema: { params: byId, body: ruleBody, response: { 200: ruleDetail } },
      },
      (request, reply) => {
        const id = parseRuleId(request.params.id);
        if (!id.ok) throw new LamplighterError("REQUEST_INVALID", id.error);
        const by = authorOf(request);
        const etag = request.headers["if-match"];
        return detailView(parts.rules.put(id.value, request.body.text, { by, etag }), parts, reply);
      },
    );
    api.post(
      "/api/rules/:id/backtest",
      { schema: { params: byId, body: backtestBody, response: { 200: backtestReport } } },
      async ({ params, body }, reply) => {
        const rule = backtestedRule(parts, params.id, body.rule);
        const from = timeOf("from", body.from);
        const to = body.to === undefined ? parts.clock.now() : timeOf("to", body.to);
        if (from >= to) throw new LamplighterError("REQUEST_INVALID", "from is not before to.");
        if (isRunning) {
          const message = "Another backtest is running. Try again when it has ended.";
          throw new LamplighterError("OVERLOADED", message);
        }
        isRunning = true;
        const gone = new AbortController();
        reply.raw.once("close", () => gone.abort());
        try {
          const { spaces, series } = parts;
          const history = { points: parts.plant.points(), spaces, series };
          const report = await runBacktest(rule, history, { from, to }, gone.signal);
          return reportView(rule, { from, to }, report);
        } finally {
          isRunning = false;
        }
      },
    );
  };
}

function ruleView(rule: Rule, { engine }: RuleRouteParts): RuleItemView {
  const waiting = engine.waiting().filter((w) => w.rule.id === rule.id);
  const { id, kind, version, name, author, owner, source, effective } = rule;
  return {
    ...{ id, kind, version, name, author, owner },
    ...(source === undefined ? {} : { source }),
    ...(effective === undefined ? {} : { effective }),
    ...(rule.kind === "policy" ? { mode: rule.mode } : {}),
    state: waiting.length === 0 ? "watching" : "waiting",
    points: engine.pointsOf(id),
    waitsFor: waiting.flatMap((w) => w.points),
    priorities: prioritiesOf(rule),
    ...(rule.kind === "alarm" && rule.response !== undefined ? { response: rule.response } : {}),
  };
}

function prioritiesOf(rule: AlarmRule | ControlPolicy): RuleItemView["priorities"] {
  if (rule.kind === "policy") return [];
  const { when } = rule;
  return when.kind === "levels" ? when.levels.map((level) => level.priority) : [when.priority];
}

function detailView(written: WrittenRule, parts: RuleRouteParts, reply: Reply): RuleDetailView {
  reply.header("etag", written.etag);
  return { ...ruleView(written.rule, parts), text: written.text };
}

function writtenRule({ rules }: RuleRouteParts, text: string): WrittenRule {
  const id = parseRuleId(text);
  const found = id.ok ? rules.get(id.value) : undefined;
  if (found !== undefined) return found;
  throw new LamplighterError("NOT_FOUND", `There is no rule "${text}".`);
}

/** The rule in force, or the changed one that came along; it must still be the same rule. */
function backtestedRule(parts: RuleRouteParts, id: string, text: string | undefined): AlarmRule {
  let rule: Rule | undefined;
  if (text === undefined) rule = writtenRule(parts, id).rule;
  else {
    const parsed = parseRuleFile(text, "rule");
    if (!parsed.ok) throw new LamplighterError("CONFIG_INVALID", formatProblems(parsed.error));
    rule = parsed.value.find((one) => one.id === id);
    if (rule === undefined) {
      throw new LamplighterError("CONFIG_INVALID", `The text holds no rule called "${id}".`);
    }
  }
  if (rule.kind === "alarm") return rule;
  throw new LamplighterError(
    "REQUEST_INVALID",
    `"${id}" is a policy; backtests are of alarm rules.`,
  );
}

function timeOf(what: string, text: string): Instant {
  const parsed = parseInstant(text);
  if (parsed.ok) return parsed.value;
  throw new LamplighterError("REQUEST_INVALID", `${what}: ${parsed.error}.`);
}

function reportView(
  rule: AlarmRule,
  range: { readonly from: Instant; readonly to: Instant },
  report: BacktestReport,
): BacktestReportView {
  const { points, samples, raises, active, longest, worst, episodes, variants, misfits } = report;
  return {
    rule: rule.id,
    from: toIso(range.from),
    to: toIso(range.to),
    ...{ points, samples, raises },
    activeS: active / MILLISECONDS_PER_SECOND,
    longestS: longest / MILLISECONDS_PER_SECOND,
    worst: [...worst],
    episodes: episodes.map(({ point, from, to, level }) => ({
      point,
      from: toIso(from),
      ...(to === undefined ? {} : { to: toIso(to) }),
      level,
    })),
    variants: variants.map(({ onDelay, hysteresis, raises: count }) => ({
      ...(onDelay === undefined ? {} : { onDelayS: onDelay / MILLISECONDS_PER_SECOND }),
      ...(hysteresis === undefined ? {} : { hysteresis }),
      raises: count,
    })),
    misfits: [...misfits],
  };
}
