/** Runs the simulated campus until the signal aborts. */
import type { Clock } from "../core/clock.ts";
import { aborted } from "../platform/lifecycle.ts";
import type { Log } from "../platform/log.ts";
import { demoCampus } from "./campus/demo.ts";
import { type CampusOptions, startCampus } from "./start-campus.ts";

export interface SimulatorOptions extends Omit<CampusOptions, "campus"> {
  readonly campus: "demo";
}

export async function runSimulators(
  options: SimulatorOptions,
  clock: Clock,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const campus = await startCampus({ ...options, campus: demoCampus() }, clock, log);
  await aborted(signal);
  await campus.stop();
}
