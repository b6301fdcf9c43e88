/** The thread that seals: it alone writes the months' files and the daily summaries. */
import { setPriority } from "node:os";
import { workerData } from "node:worker_threads";
import { type SealedRound, Sealer } from "../chunks/sealer.ts";
import { answerCalls } from "./worker-call.ts";

/** A little: on a busy machine appends in the end wait for sealing. */
const NICE = 3;

const options = workerData as { readonly folder: string; readonly zone: string };
let sealer: Sealer | undefined;

const opened = (): Sealer => {
  if (sealer === undefined) throw new Error("the sealer is not open");
  return sealer;
};

const calls = {
  open: ({ shiftHours }: { readonly shiftHours: number }): void => {
    sealer = new Sealer({ ...options, shiftHours });
  },
  rebuildDaily: (_: undefined): boolean => opened().rebuildDaily(),
  sealRound: (argument: { readonly through: number; readonly samplesMax: number }): SealedRound =>
    opened().sealRound(argument),
  close: (_: undefined): void => {
    sealer?.close();
    sealer = undefined;
  },
};

export type SealerCalls = typeof calls;

// Sealing can wait, commits and alarms cannot. Linux alone takes 0 for this thread instead of the process.
if (process.platform === "linux") setPriority(0, NICE);

answerCalls(calls);
