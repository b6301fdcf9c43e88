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

const RULES = 1_000;
const SAMPLES = 1_000_000;
const BATCH = 500;
const WATCHED = 100;

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly budget: number;
}

export async function rulesBench(): Promise<readonly Figure[]> {
  const few = await nanosecondsPerSample(1);
  const many = await nanosecondsPerSample(RULES);
  return [
    { name: "rules: sample under rules, 1 rule", value: few, unit: "ns", budget: 2_000 },
    { name: "rules: sample under rules, 1,000 rules", value: many, unit: "ns", budget: 2_000 },
  ];
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

/** Every rule watches a point of its own; the samples are of the first hundred of these points. */
async function nanosecondsPerSample(ruleCount: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "lamplighter-bench-"));
  const clock = new FakeClock();
  const plant = new TestPlant();
  const spaces = testSpaces();
  const samples = new DrainedLog();
  const db = Database.open({ file: join(folder, "records.db") });
  const names = Array.from({ length: ruleCount }, (_, i) => `m${i}/power_active`);
  for (const name of names) {
    plant.announce(name, "a1", { quantity: "activePower", unit: "W", expectEvery: seconds(60) });
  }
  const book = new AlarmBook(clock, db, spaces);
  const parts = { clock, log: silentLog, db, samples, plant, spaces, book };
  const engine = new RuleEngine(parts, names.map(ruleOn));
  store(samples, clock, names.slice(0, WATCHED));
  const abort = new AbortController();
  const started = process.hrtime.bigint();
  const running = engine.run(abort.signal);
  await samples.drained;
  const elapsedNs = Number(process.hrtime.bigint() - started);
  abort.abort();
  await running;
  db.close();
  rmSync(folder, { recursive: true, force: true });
  return Math.round(elapsedNs / SAMPLES);
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
applies: { points: [${name}] }
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
