/**
 * Carries out control policies: collects what sensors and outputs show, asks the pure decision, and acts
 * through the command desk alone, so that refusals, priorities, leases and proof are the same as for
 * people. After a start everything is unknown, and unknown counts as occupied.
 */
import type { Clock } from "../../core/clock.ts";
import { rankOf } from "../../core/command.ts";
import { LamplighterError, wordsOf } from "../../core/errors.ts";
import type { PointId, RuleId, SpaceId } from "../../core/ids.ts";
import { steadyTime } from "../../core/steady-time.ts";
import { type Instant, minutes, seconds } from "../../core/time.ts";
import type { Log } from "../../platform/log.ts";
import type { Database } from "../../platform/sqlite.ts";
import type { AlarmBook } from "../alarms/alarm-book.ts";
import type { CommandDesk } from "../commands/command-desk.ts";
import type { LatestValues, Plant, PlantPoint, Spaces } from "../plant.ts";
import type { ControlPolicy, Rule } from "../rules/rule.ts";
import { isPolicy } from "../rules/rule.ts";
import { PointIndex, select } from "../rules/selection.ts";
import { type ControlAction, ControlTable } from "./control-table.ts";
import { decideEmptyRoom, type OutputDecision, type Room } from "./empty-room.ts";
import {
  type OccupancyEvidence,
  type OutputEvidence,
  occupancyAfter,
  outputAfter,
} from "./occupancy.ts";

/** Rooms are judged this often. */
export const CONTROL_TURN = seconds(1);
/** A refused or failed action is not tried again before. */
export const RETRY_AFTER = minutes(5);
const ACTIONS_LISTED_MAX = 1_000;
const PRIORITY = "timetable";
const OCCUPANCY = "occupancy";

export interface ControlLoopParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly db: Database;
  readonly plant: Pick<Plant, "points" | "point" | "onCatalogue">;
  readonly spaces: Spaces;
  readonly latest: Pick<LatestValues, "onSamples">;
  readonly book: Pick<AlarmBook, "frozenSpaces">;
  readonly desk: Pick<CommandDesk, "submit" | "holderOf">;
}

/** What a policy makes of one output right now. */
export interface Finding extends OutputDecision {
  readonly policy: RuleId;
  readonly space: SpaceId;
}

interface WatchedRoom {
  readonly policy: ControlPolicy;
  readonly space: SpaceId;
  readonly sensors: readonly PlantPoint[];
  readonly outputs: readonly PlantPoint[];
}

export class ControlLoop {
  readonly #parts: ControlLoopParts;
  #policies: readonly ControlPolicy[];
  readonly #table: ControlTable;
  #rooms: readonly WatchedRoom[] = [];
  #sensors: ReadonlySet<PointId> = new Set();
  #outputs: ReadonlySet<PointId> = new Set();
  readonly #occupancy = new Map<PointId, OccupancyEvidence>();
  readonly #shown = new Map<PointId, OutputEvidence>();
  readonly #tried = new Map<PointId, Instant>();
  #findings: readonly Finding[] = [];
  #isFailing = false;

  constructor(parts: ControlLoopParts, rules: readonly Rule[]) {
    this.#parts = parts;
    this.#policies = rules.filter(isPolicy);
    this.#table = new ControlTable(parts.db);
  }

  get policies(): readonly ControlPolicy[] {
    return this.#policies;
  }

  update(rules: readonly Rule[]): void {
    this.#policies = rules.filter(isPolicy);
    this.#build();
  }

  /** What every policy makes of every output it is about, as of the last turn. */
  findings(): readonly Finding[] {
    return this.#findings;
  }

  /** What was done, or would have been, newest first. */
  actions(limit: number = ACTIONS_LISTED_MAX): readonly ControlAction[] {
    return this.#table.list(Math.min(limit, ACTIONS_LISTED_MAX));
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, plant, latest } = this.#parts;
    // A set clock must neither empty a room nor fill it.
    const steadyNow = steadyTime(clock);
    const ends = [
      plant.onCatalogue(() => this.#build()),
      latest.onSamples((samples, late) => {
        if (late) return;
        const heardAt = steadyNow();
        for (const sample of samples) {
          const { point } = sample;
          if (this.#sensors.has(point)) {
            const expectEvery = plant.point(point)?.expectEvery ?? seconds(0);
            const next = { sample, heardAt, expectEvery };
            this.#occupancy.set(point, occupancyAfter(this.#occupancy.get(point), next));
          }
          if (this.#outputs.has(point)) {
            this.#shown.set(point, outputAfter(this.#shown.get(point), { sample, heardAt }));
          }
        }
      }),
    ];
    this.#build();
    while (!signal.aborted) {
      this.#tryTurn(steadyNow());
      await clock.sleep(CONTROL_TURN, signal);
    }
    for (const end of ends) end();
  }

  #build(): void {
    const { plant, spaces } = this.#parts;
    const sensorsOf = new Map<SpaceId, PlantPoint[]>();
    const index = new PointIndex(plant.points());
    for (const point of index.all) {
      if (point.quantity !== OCCUPANCY || point.kind !== "state") continue;
      sensorsOf.set(point.space, [...(sensorsOf.get(point.space) ?? []), point]);
    }
    this.#rooms = this.#policies.flatMap((policy) => {
      const outputsOf = new Map<SpaceId, PlantPoint[]>();
      for (const point of select(policy.applies, index, spaces)) {
        if (point.command === undefined) continue;
        outputsOf.set(point.space, [...(outputsOf.get(point.space) ?? []), point]);
      }
      return [...outputsOf].map(([space, outputs]) => {
        const within = [...new Set([space, ...spaces.within(space)])];
        return { policy, space, outputs, sensors: within.flatMap((id) => sensorsOf.get(id) ?? []) };
      });
    });
    this.#sensors = new Set(this.#rooms.flatMap((room) => room.sensors.map((p) => p.point)));
    this.#outputs = new Set(this.#rooms.flatMap((room) => room.outputs.map((p) => p.point)));
  }

  /** Saving energy must never take the alarms down with it: a failed turn is told and tried again. */
  #tryTurn(now: Instant): void {
    const { log } = this.#parts;
    try {
      this.#turn(now);
      if (this.#isFailing) log.info("control working again");
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) log.error("control failed", { why: wordsOf(error) });
      this.#isFailing = true;
    }
  }

  #turn(now: Instant): void {
    const findings: Finding[] = [];
    for (const watched of this.#rooms) {
      const { policy, space } = watched;
      const terms = { ...policy, retryAfter: RETRY_AFTER };
      for (const decision of decideEmptyRoom(terms, this.#roomOf(watched), now)) {
        findings.push({ ...decision, policy: policy.id, space });
        if (decision.reason === "asWished") this.#tried.delete(decision.point);
        if (decision.reason === "empty") this.#follow(policy, space, decision, now);
      }
    }
    this.#findings = findings;
  }

  #roomOf({ space, sensors, outputs }: WatchedRoom): Room {
    const { book, desk } = this.#parts;
    return {
      frozen: book.frozenSpaces().has(space),
      sensors: sensors.map(({ point, expectEvery }) => ({
        point,
        expectEvery,
        evidence: this.#occupancy.get(point),
      })),
      outputs: outputs.map(({ point, expectEvery }) => {
        const holder = desk.holderOf(point);
        const outranks = holder !== undefined && rankOf(holder.priority) < rankOf(PRIORITY);
        return {
          point,
          expectEvery,
          evidence: this.#shown.get(point),
          heldBy: outranks ? holder.by : undefined,
          triedAt: this.#tried.get(point),
        };
      }),
    };
  }

  #follow(policy: ControlPolicy, space: SpaceId, decision: OutputDecision, now: Instant): void {
    const { point, emptySince } = decision;
    if (policy.mode === "advise") return;
    this.#tried.set(point, now);
    const action: ControlAction = {
      at: this.#parts.clock.now(),
      policy: policy.id,
      space,
      point,
      value: policy.value,
      mode: policy.mode,
      ...(emptySince === undefined ? {} : { emptySince }),
    };
    const command = policy.mode === "act" ? this.#submit(policy, point) : undefined;
    this.#table.put(command === undefined ? action : { ...action, command });
  }

  /** The id of the command, also of a refused one. */
  #submit(policy: ControlPolicy, point: PointId): ControlAction["command"] {
    try {
      const command = this.#parts.desk.submit({
        point,
        value: policy.value,
        reason: `${policy.name.zh} / ${policy.name.en}`,
        by: `policy:${policy.id}`,
        priority: PRIORITY,
        lease: policy.lease,
      });
      return command.id;
    } catch (error) {
      if (!(error instanceof LamplighterError) || error.code === "INTERNAL") throw error;
      const fields = { policy: policy.id, point, code: error.code, why: error.message };
      this.#parts.log.info("policy not carried out", fields);
      return undefined;
    }
  }
}
