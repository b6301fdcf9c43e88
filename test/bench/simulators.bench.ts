/**
 * The simulated campus at scale: 200 meters with over 10,000 changing points under a one-second poll, and
 * a year of 15-minute rows for 500 points.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { days, instant, minutes } from "../../core/time.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { demoCampus } from "../../simulators/campus/demo.ts";
import { startCampus } from "../../simulators/simulate.ts";
import type { Campus, CampusDevice } from "../../simulators/world/campus.ts";
import { history, historyPoints } from "../../simulators/world/history.ts";
import type { BenchFigure } from "./figure.ts";

const METERS = 200;
const POINTS_PER_METER = 67;
const MEASURED_S = 15;
const HISTORY_POINTS = 500;

/** The demo's world under many meters, each on a line of its own. */
function manyMeters(count: number): Campus {
  const demo = demoCampus();
  const lines = Array.from(
    { length: count },
    (_, i) => ({ id: `m${i}`, transport: "tcp" }) as const,
  );
  const devices = lines.map(({ id }, i): CampusDevice => {
    const feeder = demo.feeders[i % demo.feeders.length]?.id ?? "site";
    return {
      id,
      name: { zh: "电表", en: "Meter" },
      profile: "eastron/sdm630",
      space: "campus",
      role: { kind: "electricityMeter", feeder },
      wire: { protocol: "modbus", line: id, unit: 2 },
      serial: String(i),
    };
  });
  return { ...demo, lines, devices };
}

async function serve(): Promise<readonly BenchFigure[]> {
  const dataDir = mkdtempSync(join(tmpdir(), "bench-"));
  const options = {
    campus: manyMeters(METERS),
    seed: 1,
    ports: { modbusFirst: 0, opcua: 0, control: 0 },
    dataDir,
    timeOfDay: 615,
  };
  const campus = await startCampus(options, systemClock, silentLog);
  const load = new URL("simulators-load.ts", import.meta.url).pathname;
  const order = { ports: Object.values(campus.ports.modbus), seconds: MEASURED_S };
  const before = process.cpuUsage();
  const start = performance.now();
  const child = spawn(process.execPath, [load, JSON.stringify(order)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (bytes) => {
    said += String(bytes);
  });
  await new Promise((resolve) => child.once("exit", resolve));
  const { user, system } = process.cpuUsage(before);
  const elapsedMs = performance.now() - start;
  const { whole, damaged } = JSON.parse(said);
  const rssMb = process.memoryUsage().rss / 1e6;
  await campus.stop();
  rmSync(dataDir, { recursive: true, force: true });
  const name = `${METERS} Modbus TCP devices, ${METERS * POINTS_PER_METER} points at 1 s`;
  return [
    { name, value: (user + system) / 1_000 / elapsedMs, unit: "cores", budget: "≤ 1" },
    { name: "… memory", value: rssMb, unit: "MB", budget: "" },
    { name: "… whole answers", value: whole / (elapsedMs / 1_000), unit: "1/s", budget: "400" },
    { name: "… damaged answers", value: damaged, unit: "", budget: "0" },
  ];
}

function aYear(): readonly BenchFigure[] {
  const campus = manyMeters(HISTORY_POINTS / 2);
  const points = historyPoints(campus).length;
  const to = Date.UTC(2026, 10, 23);
  const start = performance.now();
  let rows = 0;
  for (const { values } of history(campus, 1, instant(to - days(365)), instant(to), minutes(15))) {
    if (values.length > 0) rows++;
  }
  const name = `a year of 15-minute rows, ${points} points, ${rows} rows`;
  const value = (performance.now() - start) / 1_000;
  return [{ name, value, unit: "s", budget: "≤ 20" }];
}

export async function simulatorsBench(): Promise<readonly BenchFigure[]> {
  return [...(await serve()), ...aYear()];
}
