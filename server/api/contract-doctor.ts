/** The API's contract about lines: how each does, in figures and in sentences. */
import { z } from "zod";
import { BAD_REASONS } from "../../core/sample.ts";
import { label } from "./contract.ts";

const time = z.string().describe("ISO 8601, UTC");

export const lineFigure = z.object({
  point: z.string(),
  name: label,
  symbol: z.string(),
  time,
  ageS: z.number(),
  /** Older than the line promises: shown, never as if fresh. */
  stale: z.boolean(),
  /** Absent when the newest sample is bad. */
  value: z.number().optional(),
  reason: z.enum(BAD_REASONS).optional(),
});

export const lineFinding = label.extend({ device: z.string().optional() });

export const lineReport = z.object({
  gateway: z.string(),
  line: z.string().describe("the connection in the gateway's file"),
  device: z.string(),
  name: label,
  space: z.string(),
  state: z.enum(["online", "offline", "unknown"]),
  /** Only figures that were ever told. */
  figures: z.array(lineFigure),
  findings: z
    .object({
      time,
      ageS: z.number(),
      sentences: z.array(lineFinding),
      left: z.number().describe("sentences the gateway had no room for"),
    })
    .optional(),
});

export const doctorQuery = z.object({ gateway: z.string().max(64).optional() });
export const doctorAnswer = z.object({ items: z.array(lineReport) });

export type LineFigureView = z.infer<typeof lineFigure>;
export type LineReportView = z.infer<typeof lineReport>;
