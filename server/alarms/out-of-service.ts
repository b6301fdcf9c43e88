/**
 * Points whose alarms are told to nobody for a while because people know (a sensor is being changed): with
 * an author, an end, and what watches instead. A hazard sensor needs a second person. The alarms live on
 * and are recorded; only the telling stops. What freezes a room goes on freezing it.
 */
import type { HazardKind } from "../../core/catalogue.ts";
import type { Clock } from "../../core/clock.ts";
import { LamplighterError } from "../../core/errors.ts";
import type { PointId } from "../../core/ids.ts";
import {
  type Duration,
  days,
  formatDuration,
  type Instant,
  later,
  seconds,
  toIso,
} from "../../core/time.ts";
import type { Database } from "../../platform/sqlite.ts";
import type { Plant } from "../plant.ts";
import type { AlarmStep } from "./alarm.ts";
import type { AlarmBook } from "./alarm-book.ts";
import type { AlarmDraft } from "./alarm-draft.ts";
import { OutOfServiceTable } from "./out-of-service-table.ts";

/** Longer than this is not maintenance any more. */
export const OUT_OF_SERVICE_MAX = days(7);
const LOOK_EVERY = seconds(1);
/** Fire, smoke and panic go on waking people, whatever is being worked on. */
const NEVER: ReadonlySet<HazardKind> = new Set<HazardKind>(["panic", "fire", "smoke"]);

interface Request {
  readonly point: PointId;
  readonly by: string;
  readonly since: Instant;
  readonly until: Instant;
  readonly reason: string;
  /** What watches instead: a portable detector, a patrol. */
  readonly measure: string;
}

/** Asked for by one person, and for hazards waiting for another; then in force. */
export type OutOfService =
  | (Request & { readonly state: "requested" })
  | (Request & { readonly state: "inForce"; readonly approvedBy?: string });

export interface OutOfServiceRequest {
  readonly point: PointId;
  readonly by: string;
  readonly for: Duration;
  readonly reason: string;
  readonly measure: string;
}

export interface OutOfServiceParts {
  readonly clock: Clock;
  readonly db: Database;
  readonly plant: Pick<Plant, "point">;
  readonly book: AlarmBook;
}

export class OutOfServiceBook {
  readonly #parts: OutOfServiceParts;
  readonly #table: OutOfServiceTable;
  readonly #byPoint = new Map<PointId, OutOfService>();

  constructor(parts: OutOfServiceParts) {
    this.#parts = parts;
    this.#table = new OutOfServiceTable(parts.db);
    for (const entry of this.#table.all()) this.#byPoint.set(entry.point, entry);
  }

  list(): readonly OutOfService[] {
    return [...this.#byPoint.values()];
  }

  get(point: PointId): OutOfService | undefined {
    return this.#byPoint.get(point);
  }

  /** Nobody is told of its alarms now. */
  isSilent(point: PointId): boolean {
    return this.#byPoint.get(point)?.state === "inForce";
  }

  /** In force at once, or waiting for a second person when the point guards against a hazard. */
  request(wish: OutOfServiceRequest): OutOfService {
    const { clock, plant } = this.#parts;
    const point = plant.point(wish.point);
    if (point === undefined) throw notFound(`No gateway has announced a point ${wish.point}.`);
    if (point.hazard !== undefined && NEVER.has(point.hazard)) {
      throw refused(wish.point, `alarms of the kind ${point.hazard} go on waking people`);
    }
    if (!(wish.for > 0 && wish.for <= OUT_OF_SERVICE_MAX)) {
      throw refused(wish.point, `the longest time is ${formatDuration(OUT_OF_SERVICE_MAX)}`);
    }
    const known = this.#byPoint.get(wish.point);
    if (known !== undefined) throw refused(wish.point, `${known.by} has asked for it already`);
    const since = clock.now();
    const { by, reason, measure } = wish;
    const asked = { point: wish.point, by, since, until: later(since, wish.for), reason, measure };
    const needsSecond = point.hazard !== undefined;
    return this.#begin(
      needsSecond ? { ...asked, state: "requested" } : { ...asked, state: "inForce" },
    );
  }

  /** The second person; never the same as the first. */
  approve(point: PointId, by: string): OutOfService {
    const entry = this.#known(point);
    if (entry.state === "inForce") throw refused(point, "it is in force already");
    if (entry.by === by) throw refused(point, "a second person must approve it");
    return this.#begin({ ...entry, state: "inForce", approvedBy: by });
  }

  /** Back in service, or the request taken back. */
  end(point: PointId, by: string): void {
    this.#end(this.#known(point), by);
  }

  /** Ends what is over. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      for (const entry of this.list()) if (entry.until <= clock.now()) this.#end(entry, undefined);
      await clock.sleep(LOOK_EVERY, signal);
    }
  }

  #begin(entry: OutOfService): OutOfService {
    this.#parts.book.write((draft) => {
      this.#table.put(entry);
      if (entry.state !== "inForce") return;
      const by = entry.approvedBy === undefined ? entry.by : `${entry.by}, ${entry.approvedBy}`;
      const comment = `${entry.reason}; ${entry.measure}`;
      const line = { what: "outOfService", by, comment, detail: toIso(entry.until) } as const;
      this.#note(draft, entry.point, line);
    });
    this.#byPoint.set(entry.point, entry);
    return entry;
  }

  #end(entry: OutOfService, by: string | undefined): void {
    // Before the lines are written: they are the first thing that is told again.
    this.#byPoint.delete(entry.point);
    try {
      this.#parts.book.write((draft) => {
        this.#table.delete(entry.point);
        if (entry.state !== "inForce") return;
        this.#note(draft, entry.point, { what: "inService", ...(by === undefined ? {} : { by }) });
      });
    } catch (error) {
      this.#byPoint.set(entry.point, entry);
      throw error;
    }
  }

  #note(draft: AlarmDraft, point: PointId, line: Omit<AlarmStep, "at">): void {
    const at = this.#parts.clock.now();
    for (const alarm of this.#parts.book.active()) {
      if (alarm.point === point) draft.note(alarm.id, { at, ...line });
    }
  }

  #known(point: PointId): OutOfService {
    const entry = this.#byPoint.get(point);
    if (entry !== undefined) return entry;
    throw notFound(`${point} is not out of service.`);
  }
}

const notFound = (message: string): LamplighterError => new LamplighterError("NOT_FOUND", message);

const refused = (point: PointId, why: string): LamplighterError =>
  new LamplighterError("CONFLICT", `${point} cannot be taken out of service: ${why}.`, {
    fields: { point },
  });
