/** Rules, alarms and commands wired together on a fake clock and a database in a folder of its own. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandMessage, CommandReply } from "../../core/command.ts";
import type { GatewayId } from "../../core/ids.ts";
import { type Duration, type Instant, later, monotonic } from "../../core/time.ts";
import { silentLog } from "../../platform/log.ts";
import { Database } from "../../platform/sqlite.ts";
import type { Alarm } from "../../server/alarms/alarm.ts";
import { AlarmBook } from "../../server/alarms/alarm-book.ts";
import { CommandDesk } from "../../server/commands/command-desk.ts";
import type { CommandOutlet } from "../../server/commands/outlet.ts";
import type { Rule } from "../../server/rules/rule.ts";
import { RuleEngine } from "../../server/rules/rule-engine.ts";
import { TestPlant, testSpaces } from "./campus.ts";
import { FakeClock, settle } from "./fake-clock.ts";
import { MemoryLog } from "./memory-log.ts";

export class TestOutlet implements CommandOutlet {
  readonly sent: CommandMessage[] = [];
  offline = false;
  #listener: (gateway: GatewayId, reply: CommandReply) => void = () => {};

  async send(_: GatewayId, message: CommandMessage): Promise<"sent" | "offline"> {
    if (this.offline) return "offline";
    this.sent.push(message);
    return "sent";
  }

  onReply(listener: (gateway: GatewayId, reply: CommandReply) => void): void {
    this.#listener = listener;
  }

  reply(gateway: GatewayId, reply: CommandReply): void {
    this.#listener(gateway, reply);
  }
}

/** Real monotonic clocks count in fractions of a millisecond; instants must stay whole all the same. */
class FractionalClock extends FakeClock {
  override monotonic() {
    const whole = super.monotonic();
    return monotonic(whole + ((whole * 37) % 100) / 100);
  }
}

export class AlarmDesk {
  readonly clock: FakeClock;
  readonly samples: MemoryLog;
  readonly plant: TestPlant;
  readonly spaces = testSpaces();
  readonly outlet = new TestOutlet();
  readonly folder: string;
  readonly db: Database;
  readonly book: AlarmBook;
  readonly rules: readonly Rule[];
  readonly desk: CommandDesk;
  readonly start: Instant;
  #abort = new AbortController();
  #running: Promise<void>[] = [];
  #engine: RuleEngine | undefined;

  constructor(
    rules: readonly Rule[],
    from?: { clock: FakeClock; samples: MemoryLog; plant: TestPlant; folder: string },
  ) {
    this.rules = rules;
    this.clock = from?.clock ?? new FractionalClock();
    this.samples = from?.samples ?? new MemoryLog();
    this.plant = from?.plant ?? new TestPlant();
    this.folder = mkdtempSync(join(tmpdir(), "lamplighter-"));
    if (from !== undefined) cpSync(from.folder, this.folder, { recursive: true });
    this.db = Database.open({ file: join(this.folder, "records.db"), commits: "relaxed" });
    this.book = new AlarmBook(this.clock, this.db, this.spaces);
    const { clock, db, plant, spaces, book, outlet } = this;
    this.desk = new CommandDesk({ clock, log: silentLog, db, plant, spaces, book, outlet });
    this.start = this.clock.now();
  }

  get engine(): RuleEngine {
    const { clock, db, plant, spaces, book, samples } = this;
    this.#engine ??= new RuleEngine(
      { clock, log: silentLog, db, samples, plant, spaces, book },
      this.rules,
    );
    return this.#engine;
  }

  /** Starts rules and commands, and whatever else is given. */
  async run(...more: ((signal: AbortSignal) => Promise<void>)[]): Promise<void> {
    const { signal } = this.#abort;
    this.#running.push(this.engine.run(signal), this.desk.run(signal));
    for (const one of more) this.#running.push(one(signal));
    await settle();
  }

  at(offset: Duration): Instant {
    return later(this.start, offset);
  }

  alarms(): readonly Alarm[] {
    return this.book.list({ state: "all" });
  }

  /** As after `kill -9`: a new process over a copy of what was on the disk at this moment. */
  crash(): AlarmDesk {
    const { clock, samples, plant, folder } = this;
    return new AlarmDesk(this.rules, { clock, samples, plant, folder });
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await settle();
    await Promise.all(this.#running);
    this.db.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
