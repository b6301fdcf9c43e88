/** From a sample in the log to the webhook's receiver: rules, durable alarm, durable queue, socket. */

import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seconds } from "../../core/time.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { Database } from "../../platform/sqlite.ts";
import { AlarmBook } from "../../server/alarms/alarm-book.ts";
import { Notifier } from "../../server/notify/notifier.ts";
import { createWebhook } from "../../server/notify/webhook.ts";
import { loadRules } from "../../server/rules/rule-directory.ts";
import { RuleEngine } from "../../server/rules/rule-engine.ts";
import { good, TestPlant, testSpaces } from "../support/campus.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { type BenchFigure, percentile } from "./figure.ts";

const QUIET_ALARMS = 200;
const STORM_ALARMS = 2_000;

export async function alarmBench(): Promise<readonly BenchFigure[]> {
  const folder = mkdtempSync(join(tmpdir(), "lamplighter-bench-"));
  const db = Database.open({ file: join(folder, "records.db") });
  const plant = new TestPlant();
  const gas = Array.from({ length: QUIET_ALARMS + STORM_ALARMS }, (_, i) => `gas${i}/gas_lel`);
  for (const name of gas) {
    const traits = { quantity: "gasConcentration", hazard: "combustibleGas" } as const;
    plant.announce(name, "a1-lab", { ...traits, unit: "%{LEL}", expectEvery: seconds(600) });
  }
  const spaces = testSpaces();
  const samples = new MemoryLog();
  const book = new AlarmBook(systemClock, db, spaces);
  const receiver = new Receiver();
  const url = await receiver.listen();
  const base = { clock: systemClock, log: silentLog, db, book };
  const hook = createWebhook(systemClock, { id: "hook", kind: "webhook", url, from: "low" });
  const parts = { ...base, isSilent: () => false, random: Math.random };
  const notifier = new Notifier(parts, [hook]);
  const engine = new RuleEngine({ ...base, samples, plant, spaces }, loadRules());
  const abort = new AbortController();
  const running = [engine.run(abort.signal), notifier.run(abort.signal)];

  const quiet: number[] = [];
  for (const name of gas.slice(0, QUIET_ALARMS)) {
    const told = receiver.next(name);
    const start = performance.now();
    samples.store(systemClock.now(), [good(name, systemClock.now(), 30)], "hazard");
    await told;
    quiet.push(performance.now() - start);
  }
  const start = performance.now();
  const storm = gas.slice(QUIET_ALARMS);
  const last = storm.map((name) => receiver.next(name));
  const now = systemClock.now();
  samples.store(
    now,
    storm.map((name) => good(name, now, 30)),
    "hazard",
  );
  await Promise.all(last);
  const perSecond = STORM_ALARMS / ((performance.now() - start) / 1_000);

  abort.abort();
  await Promise.all(running);
  receiver.close();
  db.close();
  rmSync(folder, { recursive: true, force: true });
  return [
    {
      name: "alarm: sample in the log → webhook, p50",
      value: percentile(quiet, 0.5),
      unit: "ms",
      budget: "≤ 100",
    },
    {
      name: "alarm: sample in the log → webhook, p99",
      value: percentile(quiet, 0.99),
      unit: "ms",
      budget: "≤ 100",
    },
    { name: "alarm: storm told to one webhook", value: perSecond, unit: "/s", budget: "≥ 170" },
  ];
}

class Receiver {
  readonly #waiting = new Map<string, () => void>();
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      response.writeHead(204).end();
      const body = JSON.parse(Buffer.concat(chunks).toString()) as { alarm: { point: string } };
      this.#waiting.get(body.alarm.point)?.();
    });
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  next(point: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(point, resolve));
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
