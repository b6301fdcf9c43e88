/**
 * The figures of the whole road with the real processes: from the start to the first live value, from gas
 * at the device to the alarm on an open page, and what each process takes.
 */
import { readFileSync } from "node:fs";
import { seconds } from "../../core/time.ts";
import { CampusProcesses, type Part } from "../support/campus-processes.ts";
import { eventually } from "../support/eventually.ts";
import { type BenchFigure, percentile } from "./figure.ts";

const LABORATORIES = ["chem-b214", "chem-b215", "phys-c101", "bio-c102"];

export async function roadBench(): Promise<readonly BenchFigure[]> {
  const started = performance.now();
  const campus = await CampusProcesses.start();
  try {
    await eventually(
      "a live value",
      async () =>
        (await campus.get("api/latest")).items.some(
          (i: { quality: string; stale: boolean }) => i.quality === "good" && !i.stale,
        ),
      seconds(60),
    );
    const liveS = (performance.now() - started) / 1_000;
    await settled(campus);
    const cpuBefore = cpuSeconds(campus);
    const measuredFrom = performance.now();
    const latencies = await gasLatencies(campus);
    const elapsedS = (performance.now() - measuredFrom) / 1_000;
    const cpuAfter = cpuSeconds(campus);
    return [
      {
        name: "three processes started → first live value",
        value: liveS,
        unit: "s",
        budget: "≤ 10 s",
      },
      {
        name: `gas at the device → alarm on the page, p50 of ${latencies.length}`,
        value: percentile(latencies, 0.5),
        unit: "ms",
        budget: "p99 ≤ 250 ms",
      },
      {
        name: "gas at the device → alarm on the page, worst",
        value: Math.max(...latencies),
        unit: "ms",
        budget: "≤ 250 ms",
      },
      ...(["gateway", "server", "simulators"] as const).flatMap((part) => [
        {
          name: `${part}: memory`,
          value: residentMb(campus.pid(part)),
          unit: "MB",
          budget: MEMORY[part],
        },
        {
          name: `${part}: processor`,
          value: ((cpuAfter[part] - cpuBefore[part]) / elapsedS) * 100,
          unit: "% of a core",
          budget: "",
        },
      ]),
    ];
  } finally {
    await campus.stop();
  }
}

const MEMORY: Readonly<Record<Part, string>> = {
  gateway: "≤ 250 MB (with OPC UA)",
  server: "≤ 200 MB",
  simulators: "",
};

const settled = (campus: CampusProcesses) =>
  eventually(
    "all devices online",
    async () => {
      const { items } = await campus.get("api/devices");
      return items.every((d: { state: string }) => d.state === "online");
    },
    seconds(60),
  );

/** Arrival at an open page minus the device's own time of the sample, for every level of every leak. */
async function gasLatencies(campus: CampusProcesses): Promise<readonly number[]> {
  const latencies: number[] = [];
  const seen = new Set<string>();
  const ended = new AbortController();
  const listening = listen(campus, ended.signal, (alarm, at) => {
    const last = alarm.history.filter((s) => ["raised", "levelRose"].includes(s.what)).at(-1);
    if (last === undefined || alarm.hazard !== "combustibleGas") return;
    const key = `${alarm.id} ${last.what} ${last.at}`;
    if (!seen.has(key)) latencies.push(at - Date.parse(last.at));
    seen.add(key);
  });
  for (const room of LABORATORIES) {
    await campus.act({ leakGas: { room, to: 72, within: "20s" } });
  }
  await eventually(
    "both levels in every laboratory",
    () => latencies.length >= 2 * LABORATORIES.length,
    seconds(90),
  );
  ended.abort();
  await listening;
  return latencies;
}

interface AlarmEvent {
  readonly id: string;
  readonly hazard?: string;
  readonly history: readonly { readonly what: string; readonly at: string }[];
}

async function listen(
  campus: CampusProcesses,
  signal: AbortSignal,
  onAlarm: (alarm: AlarmEvent, at: number) => void,
): Promise<void> {
  try {
    const response = await fetch(`${campus.page}api/live`, {
      headers: { authorization: `Bearer ${campus.token}` },
      signal,
    });
    let text = "";
    for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part;
      const frames = text.split("\n\n");
      text = frames.pop() ?? "";
      for (const frame of frames) {
        const data = /^event: alarm\ndata: (.*)$/m.exec(frame)?.[1];
        if (data !== undefined) onAlarm(JSON.parse(data), Date.now());
      }
    }
  } catch (error) {
    if (!signal.aborted) process.stderr.write(`the stream ended: ${String(error)}\n`);
  }
}

function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kb) / 1_024;
}

function cpuSeconds(campus: CampusProcesses): Record<Part, number> {
  const of = (part: Part): number => {
    const fields =
      readFileSync(`/proc/${campus.pid(part)}/stat`, "utf8")
        .split(") ")[1]
        ?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  };
  return { gateway: of("gateway"), server: of("server"), simulators: of("simulators") };
}
