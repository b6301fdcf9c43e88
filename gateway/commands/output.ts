/**
 * Writes one value to one output and finds out whether the device shows it. Knows nothing of holders,
 * leases or the server.
 */
import type { Clock } from "../../core/clock.ts";
import type { CommandWhy } from "../../core/command.ts";
import { type Duration, milliseconds, seconds } from "../../core/time.ts";
import type { GatewayPoint } from "../plant.ts";
import type { ReadAnswer, SampleSink, Source } from "../sources/source.ts";

export const WRITE_TIMEOUT = seconds(5);
export const READ_TIMEOUT = seconds(5);
/** A device that is slower than its profile says is asked once more. */
const READ_BACKS_MAX = 2;
/** Between two read-backs of a device without a settling time. */
const READ_BACK_PAUSE_MIN = milliseconds(100);

export type OutputResult =
  | { readonly kind: "verified"; readonly shown: number }
  | { readonly kind: "unverifiable" }
  | {
      readonly kind: "failed";
      readonly why: CommandWhy;
      readonly detail: string;
      readonly shown?: number;
    };

export interface OutputParts {
  readonly clock: Clock;
  readonly sink: SampleSink;
}

/** `onAccepted` is called when the device has said yes and before it is asked what it shows. */
export async function switchOutput(
  parts: OutputParts,
  source: Source,
  wish: {
    readonly point: GatewayPoint;
    readonly value: number;
    readonly onAccepted: () => void;
    readonly signal: AbortSignal;
  },
): Promise<OutputResult> {
  const { point, value, signal } = wish;
  const answer = await source.write({ point: point.point, value, timeout: WRITE_TIMEOUT });
  if (answer.kind === "refused") {
    return { kind: "failed", why: "deviceRefused", detail: answer.detail };
  }
  const isProvable = point.command?.proof === "readBack";
  if (answer.kind === "accepted") wish.onAccepted();
  if (!isProvable) {
    if (answer.kind === "accepted") return { kind: "unverifiable" };
    return { kind: "failed", why: "noAnswer", detail: answer.detail };
  }
  return await verify(parts, source, { point, value, signal });
}

/** The device shows something else than was commanded: a hand at the switch, which is not fought. */
export async function wasSwitchedByHand(
  source: Source,
  point: GatewayPoint,
  commanded: number,
): Promise<boolean> {
  if (point.command?.proof !== "readBack") return false;
  const answer = await source.read(point.point, READ_TIMEOUT);
  if (answer.kind !== "value" || typeof answer.value !== "number") return false;
  return Math.abs(answer.value - commanded) > point.command.tolerance;
}

/** Reads back after the settling time; a lost answer to a write may still have been carried out. */
export async function verify(
  { clock, sink }: OutputParts,
  source: Source,
  wish: { readonly point: GatewayPoint; readonly value: number; readonly signal: AbortSignal },
): Promise<OutputResult> {
  const { point, value, signal } = wish;
  const settle = point.command?.settle ?? milliseconds(0);
  const tolerance = point.command?.tolerance ?? 0;
  let last: OutputResult = { kind: "failed", why: "noAnswer", detail: "The gateway is ending." };
  for (let i = 0; i < READ_BACKS_MAX && !signal.aborted; i++) {
    await clock.sleep(i === 0 ? settle : longer(settle), signal);
    const answer = await source.read(point.point, READ_TIMEOUT);
    const shown = answer.kind === "value" ? answer.value : undefined;
    if (answer.kind === "value") offer(sink, point, answer);
    if (typeof shown === "number" && Math.abs(shown - value) <= tolerance) {
      return { kind: "verified", shown };
    }
    last = failureOf(answer, value);
  }
  return last;
}

const longer = (settle: Duration): Duration => milliseconds(Math.max(settle, READ_BACK_PAUSE_MIN));

function failureOf(answer: ReadAnswer, value: number): OutputResult {
  if (answer.kind === "none") return { kind: "failed", why: "noAnswer", detail: answer.detail };
  const detail = `The device shows ${answer.value}, wanted was ${value}.`;
  const shown = typeof answer.value === "number" ? { shown: answer.value } : {};
  return { kind: "failed", why: "readBackDiffers", detail, ...shown };
}

/** The page sees what the device shows without waiting for the next poll. */
function offer(
  sink: SampleSink,
  point: GatewayPoint,
  answer: Extract<ReadAnswer, { kind: "value" }>,
): void {
  const { time, value } = answer;
  sink.offer({ point: point.point, time, timeSource: "gateway", quality: "good", value });
}
