/**
 * 10,000 points at 1 s on 200 Modbus TCP devices, all well and with a fifth of them dead or slow.
 * Devices and gateway are processes of their own; the figures are those of the gateway's.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { LoadOrder, LoadResult } from "./modbus-load.ts";

export interface BenchFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly budget: string;
}

const DEVICES = 200;
const MEASURED_S = 15;

export async function modbusBench(): Promise<readonly BenchFigure[]> {
  const well = await load({ dead: 0, slow: 0 });
  const sick = await load({ dead: DEVICES / 10, slow: DEVICES / 10 });
  const percent = (share: number): number => round(100 * share, 1);
  const figure = (name: string, value: number, unit: string, budget: string): BenchFigure => ({
    name: `modbus: ${name}`,
    value,
    unit,
    budget,
  });
  const cpu = "% of a core";
  const ratio = well.ours.requestsPerSecond / well.bare.requestsPerSecond;
  return [
    figure("10,000 points at 1 s, CPU", percent(well.cpuShare), cpu, "≤ 30"),
    figure("10,000 points at 1 s, memory", round(well.rssMb, 0), "MB", "≤ 250"),
    figure("samples", round(well.samplesPerSecond, 0), "1/s", "10,000"),
    figure("poll lag p99", round(well.lagMsP99, 1), "ms", "≤ 100"),
    figure("CPU, 20 % dead or slow", percent(sick.cpuShare), cpu, "≤ 30"),
    figure("samples of the living then", round(sick.samplesPerSecond, 0), "1/s", "8,000"),
    figure("poll lag p99 of the living then", round(sick.lagMsP99, 1), "ms", "≤ 100"),
    figure("requests per second against a bare socket", round(ratio, 2), "ratio", "stated"),
    figure("CPU per request, ours", round(well.ours.cpuUsPerRequest, 0), "µs", "stated"),
    figure("CPU per request, bare socket", round(well.bare.cpuUsPerRequest, 0), "µs", "stated"),
  ];
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

async function load(sick: { readonly dead: number; readonly slow: number }): Promise<LoadResult> {
  const { dead, slow } = sick;
  const fleet = run("../support/modbus-fleet.ts", [DEVICES, dead, slow].map(String));
  try {
    const ports: readonly number[] = JSON.parse(await firstLine(fleet));
    const order: LoadOrder = { ports, living: ports.slice(dead + slow), seconds: MEASURED_S };
    const result: LoadResult = JSON.parse(
      await firstLine(run("modbus-load.ts", [JSON.stringify(order)])),
    );
    return result;
  } finally {
    fleet.stdin?.end();
  }
}

const run = (file: string, words: readonly string[]): ChildProcess =>
  spawn(process.execPath, [fileURLToPath(new URL(file, import.meta.url)), ...words], {
    stdio: ["pipe", "pipe", "inherit"],
  });

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.once("error", reject);
    child.once("exit", (code) => {
      if (!text.includes("\n")) reject(new Error(`the benchmark's process ended with ${code}`));
    });
    child.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("\n")) resolve(text.slice(0, text.indexOf("\n")));
    });
  });
}
