/** The thread that seals: it alone writes the months' files and the daily summaries. */
import { workerData } from "node:worker_threads";
import { type SealedRound, Sealer } from "../chunks/sealer.ts";
import { answerCalls } from "./worker-call.ts";

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

answerCalls(calls);
