/**
 * What the HTTP side needs from the rest of the server, as small interfaces in the words of the contract.
 * `server.ts` fits the real parts to them.
 */
import type { Clock } from "../../core/clock.ts";
import type { SpaceId } from "../../core/ids.ts";
import type { Duration, Instant } from "../../core/time.ts";
import type { Log } from "../../platform/log.ts";
import type { SiteConfiguration } from "../configuration.ts";
import type { Journal } from "../journal.ts";
import type { LatestValues, Plant, Spaces, Unsubscribe } from "../plant.ts";
import type { SampleLog, SeriesReader } from "../store/store.ts";
import type { Accounts } from "./auth/accounts.ts";
import type { AlarmView, CommandView, HealthView } from "./contract.ts";

export interface AlarmQuery {
  readonly state?: "active" | "all" | AlarmView["state"];
  readonly space?: SpaceId;
  readonly limit: number;
  readonly before?: string;
}

export interface Alarms {
  list(query: AlarmQuery): readonly AlarmView[];
  get(id: string): AlarmView | undefined;
  acknowledge(id: string, by: string, comment?: string): AlarmView;
  close(id: string, by: string, reason: string): AlarmView;
  shelve(id: string, by: string, shelf: { for: Duration; reason: string }): AlarmView;
  unshelve(id: string, by: string): AlarmView;
  onChange(listener: (alarm: AlarmView) => void): Unsubscribe;
  frozen(): ReadonlyMap<SpaceId, { readonly since: Instant; readonly alarm: string }>;
  onFreeze(listener: () => void): Unsubscribe;
}

export interface CommandRequest {
  readonly point: string;
  readonly value: number;
  readonly reason: string;
  readonly by: string;
  readonly lease?: Duration;
  readonly idempotencyKey?: string;
}

export interface Commands {
  submit(request: CommandRequest): CommandView;
  get(id: string): CommandView | undefined;
  list(query: { point?: string; space?: SpaceId; limit: number }): readonly CommandView[];
  onChange(listener: (command: CommandView) => void): Unsubscribe;
}

/** Lines for Prometheus that only the process as a whole knows. */
export interface Gauges {
  readonly name: string;
  readonly help: string;
  readonly value: () => number;
}

export interface ApiParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly site: SiteConfiguration["site"];
  readonly spaces: Spaces;
  readonly plant: Plant;
  readonly latest: LatestValues;
  readonly series: SeriesReader;
  readonly appender: Pick<SampleLog, "append">;
  readonly alarms: Alarms;
  readonly commands: Commands;
  readonly accounts: Accounts;
  readonly journal: Journal;
  readonly health: () => HealthView;
  readonly gauges: readonly Gauges[];
  readonly version: string;
}
