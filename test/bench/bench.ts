/**
 * `npm run bench [name …]`: every bench in a process of its own, one after the other, and a table of named
 * figures with the budget beside each. Nothing here fails for being slow: it tells, people judge.
 */
import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import type { BenchFigure } from "./figure.ts";

const benches: Readonly<Record<string, () => Promise<readonly BenchFigure[]>>> = {
  road: async () => (await import("./road.bench.ts")).roadBench(),
  ingest: async () => (await import("./ingest.bench.ts")).ingestBench(),
  store: async () => (await import("./store.bench.ts")).storeBench(),
  rules: async () => (await import("./rules.bench.ts")).rulesBench(),
  alarm: async () => (await import("./alarm.bench.ts")).alarmBench(),
  buffer: async () => (await import("./buffer.bench.ts")).bufferBench(),
  modbus: async () => (await import("./modbus.bench.ts")).modbusBench(),
  line: async () => (await import("./modbus-line.bench.ts")).modbusLineBench(),
  mqtt: async () => (await import("./mqtt.bench.ts")).mqttBench(),
  opcua: async () => (await import("./opcua.bench.ts")).opcuaBench(),
  simulators: async () => (await import("./simulators.bench.ts")).simulatorsBench(),
};

const MARK = "figures:";
const WITHIN_MS = 15 * 60_000;

async function runHere(name: string): Promise<void> {
  const figures = await benches[name]?.();
  process.stdout.write(`${MARK}${JSON.stringify(figures)}\n`);
  // Workers and sockets of a bench are of no use any more.
  process.exit(0);
}

function runApart(name: string): readonly BenchFigure[] | string {
  const self = new URL(import.meta.url).pathname;
  const { stdout, status } = spawnSync(process.execPath, ["--expose-gc", self, "--here", name], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    timeout: WITHIN_MS,
  });
  const line = stdout.split("\n").find((l) => l.startsWith(MARK));
  return line === undefined ? `no figures, exit ${status}` : JSON.parse(line.slice(MARK.length));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const written = (value: number): string =>
  Math.abs(value) >= 1_000
    ? Math.round(value).toLocaleString("en")
    : String(Number(value.toPrecision(3)));

const [first = "", ...rest] = process.argv.slice(2);
if (first === "--here") await runHere(rest[0] ?? "");
const wanted = [first, ...rest].filter((name) => name !== "");
const names = wanted.length > 0 ? wanted : Object.keys(benches);
print(`${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.versions.node}`);
for (const name of names) {
  if (benches[name] === undefined) {
    print(`there is no bench "${name}"; there are ${Object.keys(benches).join(", ")}`);
    process.exitCode = 2;
    continue;
  }
  print(`\n${name}`);
  const figures = runApart(name);
  if (typeof figures === "string") {
    print(`  ${figures}`);
    process.exitCode = 1;
    continue;
  }
  for (const { name: figure, value, unit, budget } of figures) {
    print(`  ${figure.padEnd(58)} ${written(value).padStart(12)} ${unit.padEnd(14)} ${budget}`);
  }
}
