/** What a sample of a point under rules costs, and whether other points' rules make it dearer. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { instant, seconds } from "../../core/time.ts";
import { silentLog } from "../../platform/log.ts";
import { Database } from "../../platform/sqlite.ts";
import { AlarmBook } from "../../server/alarms/alarm-book.ts";
import type { Rule } from "../../server/rules/rule.ts";
import { RuleEngine } from "../../server/rules/rule-engine.ts";
import { parseRuleFile } from "../../server/rules/rule-file.ts";
import { good, TestPlant, testSpaces } from "../support/campus.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { MemoryLog } from "../support/memory-log.ts";
import type { BenchFigure } from "./figure.ts";

const RULES = 1_000;
const SAMPLES = 1_000_000;
const BATCH = 500;
const WATCHED = 100;

export async function rulesBench(): Promise<readonly BenchFigure[]> {
  const few = await nanosecondsPerSample(1);
  const many = await nanosecondsPerSample(RULES);
  return [
    { name: "rules: sample under rules, 1 rule", value: few, unit: "ns", budget: "≤ 2,000" },
    { name: "rules: sample under rules, 1,000 rules", value: many, unit: "ns", budget: "≤ 2,000" },
    ...(await stormFigures()),
  ];
}

const STORM_ALARMS = 10_000;

/** All points of a large plant raise at once; then the process starts again with all of them open. */
async function stormFigures(): Promise<readonly BenchFigure[]> {
  const names = Array.from({ length: STORM_ALARMS }, (_, i) => `m${i}/power_active`);
  const rig = createRig(names, [ruleOn("*/power_active", 0)]);
  const { clock, db, samples, plant, spaces, book, engine } = rig;
  for (let i = 0; i < names.length; i += BATCH) {
    const batch = names.slice(i, i + BATCH).map((name) => good(name, clock.now(), 9_999));
    samples.store(clock.now(), batch, "hazard");
  }
  const storm = await millisecondsOf(() => drain(engine, samples));
  if (book.active().length !== STORM_ALARMS) throw new Error("not every alarm was raised");
  const again = await millisecondsOf(async () => {
    const reopened = new AlarmBook(clock, db, spaces);
    const parts = { clock, log: silentLog, db, samples, plant, spaces, book: reopened };
    new RuleEngine(parts, engine.rules);
  });
  rig.close();
  return [
    {
      name: "alarms: 10,000 raised at once, durable",
      value: storm,
      unit: "ms",
      budget: "≤ 60,000",
    },
    { name: "alarms: armed again with 10,000 open", value: again, unit: "ms", budget: "≤ 2,000" },
  ];
}

async function millisecondsOf(work: () => Promise<void>): Promise<number> {
  const started = process.hrtime.bigint();
  await work();
  return Math.round(Number(process.hrtime.bigint() - started) / 1e6);
}

async function drain(engine: RuleEngine, samples: DrainedLog): Promise<void> {
  const abort = new AbortController();
  const running = engine.run(abort.signal);
  await samples.drained;
  abort.abort();
  await running;
}

/** Tells when its reader has read everything. */
class DrainedLog extends MemoryLog {
  #drained: () => void = () => {};
  readonly drained = new Promise<void>((resolve) => {
    this.#drained = resolve;
  });

  override waitBeyond(position: number, signal: AbortSignal): Promise<void> {
    this.#drained();
    return super.waitBeyond(position, signal);
  }
}

function createRig(names: readonly string[], rules: readonly Rule[]) {
  const folder = mkdtempSync(join(tmpdir(), "lamplighter-bench-"));
  const clock = new FakeClock();
  const plant = new TestPlant();
  const spaces = testSpaces();
  const samples = new DrainedLog();
  const db = Database.open({ file: join(folder, "records.db") });
  for (const name of names) {
    plant.announce(name, "a1", { quantity: "activePower", unit: "W", expectEvery: seconds(60) });
  }
  const book = new AlarmBook(clock, db, spaces);
  const parts = { clock, log: silentLog, db, samples, plant, spaces, book };
  const close = (): void => {
    db.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...parts, engine: new RuleEngine(parts, rules), close };
}

/** Every rule watches a point of its own; the samples are of the first hundred of these points. */
async function nanosecondsPerSample(ruleCount: number): Promise<number> {
  const names = Array.from({ length: ruleCount }, (_, i) => `m${i}/power_active`);
  const { clock, samples, engine, close } = createRig(names, names.map(ruleOn));
  store(samples, clock, names.slice(0, WATCHED));
  const elapsedMs = await millisecondsOf(() => drain(engine, samples));
  close();
  return Math.round((elapsedMs * 1e6) / SAMPLES);
}

function store(samples: MemoryLog, clock: FakeClock, names: readonly string[]): void {
  for (let i = 0; i < SAMPLES; i += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, k) => {
      const name = names[(i + k) % names.length] ?? "";
      return good(name, instant(clock.now() + i + k), 500 + ((i + k) % 400));
    });
    samples.store(clock.now(), batch);
  }
}

function ruleOn(name: string, i: number): Rule {
  const text = `
rule: power-${i}
kind: alarm
name: { zh: 功率, en: Power }
author: bench
owner: bench
applies: { points: ["${name}"] }
unit: kW
when:
  atLeast: [{ limit: 1, priority: low, onDelay: 10s }, { limit: 2, priority: high }]
  hysteresis: 0.1
`;
  const parsed = parseRuleFile(text, "bench.yaml");
  const rule = parsed.ok ? parsed.value[0] : undefined;
  if (rule === undefined) throw new Error("the bench's rule does not parse");
  return rule;
}
