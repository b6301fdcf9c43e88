/** An executor over a device that tests switch, stop and break, on a clock moved by hand. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandMessage, CommandReply, Priority } from "../../core/command.ts";
import { commandId, connectionId, deviceId, type PointId, spaceId } from "../../core/ids.ts";
import { instant, milliseconds, minutes, seconds } from "../../core/time.ts";
import { Executor } from "../../gateway/commands/executor.ts";
import { Freeze } from "../../gateway/commands/freeze.ts";
import { Journal } from "../../gateway/commands/journal.ts";
import type { GatewayPoint } from "../../gateway/plant.ts";
import type { ReadAnswer, Source, SourceValue, WriteAnswer } from "../../gateway/sources/source.ts";
import { silentLog } from "../../platform/log.ts";
import { Database } from "../../platform/sqlite.ts";
import { FakeClock } from "./fake-clock.ts";

export const LIGHT = "relay/switch_1" as PointId;
export const BELL = "relay/bell" as PointId;
export const GAS = "gas/gas_lel" as PointId;
export const SETTLE = milliseconds(200);

export class FakeDevice implements Source {
  readonly shown = new Map<PointId, number>([[LIGHT, 0]]);
  readonly writes: { readonly point: PointId; readonly value: number }[] = [];
  answer: WriteAnswer = { kind: "accepted" };
  /** False: accepts and does nothing. */
  obeys = true;
  isSilent = false;

  async run(): Promise<void> {}

  async write({ point, value }: { point: PointId; value: number }): Promise<WriteAnswer> {
    this.writes.push({ point, value });
    if (this.obeys && this.answer.kind !== "refused") this.shown.set(point, value);
    return this.answer;
  }

  async read(point: PointId): Promise<ReadAnswer> {
    const value = this.shown.get(point);
    if (this.isSilent || value === undefined) return { kind: "none", detail: "no answer" };
    return { kind: "value", value, time: instant(1) };
  }

  statuses() {
    return [];
  }
}

const point = (name: PointId, proof: "readBack" | "none"): GatewayPoint => {
  const fallback = { value: 0, place: "gateway" } as const;
  return {
    point: name,
    connection: connectionId("bus"),
    space: spaceId("room"),
    kind: "state",
    isHazard: false,
    deadband: 0,
    heartbeat: minutes(1),
    command: {
      settle: SETTLE,
      proof,
      tolerance: 0,
      values: [0, 1],
      fallback,
      pauseMin: seconds(1),
    },
    announced: {
      point: name,
      device: deviceId("relay"),
      kind: "state",
      unit: "1",
      quantity: "lightSwitch",
      name: { zh: "灯", en: "Light" },
      expectEvery: minutes(1),
      command: { settleMs: SETTLE, proof, tolerance: 0, values: [0, 1], fallback },
    },
  };
};

export class CommandRig {
  clock = new FakeClock();
  readonly device = new FakeDevice();
  readonly replies: CommandReply[] = [];
  readonly offered: SourceValue[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), "commands-"));
  #ending = new AbortController();
  #journal: Journal;
  #running: Promise<void>;
  #freeze: Freeze;
  executor: Executor;
  #ids = 0;

  constructor() {
    this.#journal = this.#open();
    this.#freeze = this.#makeFreeze();
    this.executor = this.#make();
    this.#running = this.executor.run(this.#ending.signal);
  }

  gas(percentLel: number): void {
    this.#freeze.note({
      point: GAS,
      time: instant(1),
      sequence: 0,
      timeSource: "gateway",
      quality: "good",
      value: percentLel,
    });
  }

  command(value: number, how: Partial<CommandMessage> = {}): CommandMessage {
    const message: CommandMessage = {
      id: commandId(`c${++this.#ids}`),
      point: LIGHT,
      value,
      priority: "schedule" as Priority,
      ttlMs: seconds(10),
      reason: "test",
      ...how,
    };
    this.executor.handle(message);
    return message;
  }

  /** `c1 accepted`, `c1 verified`, `c2 refused roomFrozen`. */
  steps(): readonly string[] {
    return this.replies.map((r) =>
      [r.id, r.state, ...(r.why === undefined ? [] : [r.why])].join(" "),
    );
  }

  /** As after a kill: the old executor's time stands still, and the journal is all that is left. */
  async restart(): Promise<void> {
    this.clock = new FakeClock(this.clock.now());
    this.#journal.close();
    this.#ending = new AbortController();
    this.#journal = this.#open();
    this.#freeze = this.#makeFreeze();
    this.executor = this.#make();
    this.#running = this.executor.run(this.#ending.signal);
    await this.clock.advance(milliseconds(0));
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.clock.advance(seconds(10));
    await this.#running;
    this.#journal.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #open(): Journal {
    const file = join(this.#folder, "commands.sqlite");
    return new Journal(Database.open({ file, commits: "relaxed" }));
  }

  #makeFreeze(): Freeze {
    return new Freeze([{ point: GAS, space: spaceId("room"), isState: false }]);
  }

  #make(): Executor {
    return new Executor(this.clock, silentLog, {
      points: new Map([
        [LIGHT, point(LIGHT, "readBack")],
        [BELL, point(BELL, "none")],
      ]),
      sourceOf: () => this.device,
      freeze: this.#freeze,
      journal: this.#journal,
      sink: { offer: (value) => this.offered.push(value), keep: async () => {} },
      reply: (reply) => this.replies.push(reply),
    });
  }
}
