/**
 * `lamplighter demo`: a simulated campus on real protocol ports, a gateway, a server and the pages, each a
 * process of its own, all on loopback. Prints a link that signs in once, and what to try.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { LamplighterError, wordsOf } from "../../core/errors.ts";
import {
  elapsed,
  type Instant,
  instant,
  type Monotonic,
  milliseconds,
  seconds,
} from "../../core/time.ts";
import { systemClock as clock } from "../../platform/clock.ts";
import { type Command, EXIT_DONE, EXIT_FAILED, parseOptions } from "../../platform/command-line.ts";
import { claimDataFolder } from "../../platform/data-folder.ts";
import { aborted } from "../../platform/lifecycle.ts";
import { demoCampus } from "../campus/demo.ts";
import { buildPages } from "./pages.ts";
import { importPast } from "./past.ts";
import { type DemoPorts, demoPorts, requireFree } from "./ports.ts";
import { Processes, runOnce } from "./processes.ts";

const SEED = 20_261_123;
const READY_WITHIN = seconds(60);
const LOOK_EVERY = milliseconds(100);
const DEMO_USER = "demo";

export const demoCommand: Command = {
  name: "demo",
  summary: "a whole simulated campus with gateway, server and pages, on this machine alone",
  usage: [
    "usage: lamplighter demo [--fresh] [--port 8080] [--offset 0] [--data data/demo]",
    "",
    "  --fresh        forget what earlier demos stored",
    "  --port         of the pages",
    "  --offset       added to every port, when other programs have the usual ones",
    "  --data         where everything is kept between starts",
    "  --time-of-day  at which the simulated day begins; now, when left out",
    "  --no-past      without the year of past energy data",
  ].join("\n"),
  run: async ({ args, print, signal }) => {
    const { values } = parseOptions(args, {
      fresh: { type: "boolean", default: false },
      port: { type: "string" },
      offset: { type: "string", default: "0" },
      data: { type: "string", default: "data/demo" },
      "time-of-day": { type: "string", default: "10:15" },
      "no-past": { type: "boolean", default: false },
    });
    const ports = demoPorts(
      integer(values.offset, "--offset"),
      values.port === undefined ? undefined : integer(values.port, "--port"),
    );
    return runDemo({
      folder: resolve(values.data),
      isFresh: values.fresh,
      withPast: !values["no-past"],
      timeOfDay: values["time-of-day"],
      ports,
      print,
      signal,
    });
  },
};

interface Demo {
  readonly folder: string;
  readonly isFresh: boolean;
  readonly withPast: boolean;
  readonly timeOfDay: string;
  readonly ports: DemoPorts;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

async function runDemo(demo: Demo): Promise<number> {
  const { folder, ports, print, signal } = demo;
  const started = clock.monotonic();
  await requireFree(ports);
  const claim = claimDataFolder(folder);
  try {
    if (demo.isFresh) clear(folder);
    const processes = new Processes(clock, join(folder, "logs"), print);
    const ending = new AbortController();
    const givenUp = (why: string): void => ending.abort(new LamplighterError("INTERNAL", why));
    const stop = AbortSignal.any([signal, ending.signal]);
    try {
      const pages = buildPages();
      pages.catch((error: unknown) => givenUp(wordsOf(error)));
      await startProcesses(demo, processes, givenUp);
      const token = await readToken(folder);
      const link = await oneTimeLink(folder);
      if (await firstValue(demo, token, stop)) {
        if (await pages) print("The pages were built anew.");
        welcome(demo, link, started);
        if (demo.withPast) void writePast(demo, token, stop);
      }
      await aborted(stop);
    } finally {
      print("The demo ends …");
      await processes.stop();
    }
    if (signal.aborted) return EXIT_DONE;
    print(`lamplighter demo: ${wordsOf(ending.signal.reason)}`);
    return EXIT_FAILED;
  } finally {
    claim.release();
  }
}

async function startProcesses(
  { folder, ports, timeOfDay }: Demo,
  processes: Processes,
  givenUp: (why: string) => void,
): Promise<void> {
  const configuration = join(folder, "config");
  const server = join(folder, "server");
  await lamplighter(
    ["simulate", "configuration", configuration],
    ["--http", String(ports.http)],
    ["--uplink", String(ports.uplink)],
    ["--devices", String(ports.devices)],
    ["--opcua", String(ports.opcua)],
    ["--modbus", String(ports.modbusFirst)],
  );
  hurryPolicy(configuration);
  processes.start(
    "simulators",
    [
      ...["simulate", "--config", configuration, "--data", join(folder, "simulators")],
      ...["--seed", String(SEED), "--time-of-day", timeOfDay, "--control", String(ports.control)],
      ...["--devices", String(ports.devices), "--opcua", String(ports.opcua)],
      ...["--modbus", String(ports.modbusFirst)],
    ],
    givenUp,
  );
  processes.start(
    "gateway",
    [
      ...["gateway", "--config", join(configuration, "gateways/main.yaml")],
      ...["--data", join(folder, "gateway")],
    ],
    givenUp,
  );
  const data = ["--data", server];
  if (!existsSync(join(server, "records.sqlite"))) {
    await lamplighter(["user", "add", DEMO_USER, "--role", "administrator", "--quiet"], data);
  }
  await lamplighter(
    ["user", "token", DEMO_USER, "--name", "demo"],
    ["--file", tokenFile(folder)],
    data,
  );
  processes.start("server", ["server", "--config", configuration, ...data], givenUp);
}

/** Five minutes are right for a school and long for somebody who watches: the demo waits one. */
function hurryPolicy(configuration: string): void {
  const folder = join(configuration, "rules");
  const file = join(folder, "empty-classroom-lights.yaml");
  if (existsSync(file)) return;
  const shipped = fileURLToPath(
    new URL("../../server/rules/library/empty-classroom-lights.yaml", import.meta.url),
  );
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, readFileSync(shipped, "utf8").replace("emptyFor: 5m", "emptyFor: 1m"));
}

/** Runs one command of ours to its end; its own words have been printed when it fails. */
async function lamplighter(...args: readonly (readonly string[])[]): Promise<string> {
  const { code, out } = await runOnce(args.flat());
  if (code === 0) return out;
  throw new LamplighterError("INTERNAL", `"lamplighter ${args[0]?.slice(0, 2).join(" ")}" failed.`);
}

const tokenFile = (folder: string): string => join(folder, "token");

const readToken = async (folder: string): Promise<string> =>
  readFileSync(tokenFile(folder), "utf8").trim();

const oneTimeLink = (folder: string): Promise<string> =>
  lamplighter(
    ["user", "link", DEMO_USER, "--sign-in", "--quiet"],
    ["--data", join(folder, "server")],
  );

/** Waits until the server shows a value that has come all the way from a device. */
async function firstValue(
  { ports, print }: Demo,
  token: string,
  stop: AbortSignal,
): Promise<boolean> {
  const deadline = clock.monotonic() + READY_WITHIN;
  let isWarned = false;
  while (!stop.aborted) {
    if (await hasLiveValue(ports, token)) return true;
    if (clock.monotonic() > deadline && !isWarned) {
      isWarned = true;
      print(`No live value after ${READY_WITHIN / 1_000} s; the logs say why. Still waiting.`);
    }
    await clock.sleep(LOOK_EVERY, stop);
  }
  return false;
}

async function hasLiveValue(ports: DemoPorts, token: string): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${ports.http}/api/latest`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(2_000),
    });
    const body = (await response.json()) as { items?: { stale: boolean; quality: string }[] };
    return body.items?.some((i) => i.quality === "good" && !i.stale) ?? false;
  } catch {
    return false;
  }
}

function welcome({ folder, ports, print }: Demo, link: string, started: Monotonic): void {
  const page = `http://127.0.0.1:${ports.http}/`;
  const control = ports.control === 15_000 ? "" : ` --control http://127.0.0.1:${ports.control}`;
  const took = (elapsed(started, clock.monotonic()) / 1_000).toFixed(1);
  for (const line of [
    "",
    `The campus is live after ${took} s.`,
    "",
    `  Sign in, once, with this link:  ${page}#/link/${link}`,
    `  The pages:                      ${page}`,
    `  Administrator's API token:      ${relative(".", tokenFile(folder))}`,
    `  The simulated world:            http://127.0.0.1:${ports.control}/`,
    "",
    "Try, in another terminal:",
    `  npx lamplighter simulate trigger gas-leak${control}`,
    "      a laboratory fills with gas: a high alarm, then an emergency",
    `  npx lamplighter simulate trigger empty-room-lights-on${control}`,
    "      a class leaves and the lamps stay on: after a minute they are switched off and read back",
    `  npx lamplighter simulate trigger dead-meter${control}`,
    "      one meter of a line falls silent, its neighbours do not notice",
    `  curl -H "Authorization: Bearer $(cat ${relative(".", tokenFile(folder))})" ${page}api/latest`,
    "",
    "Ctrl-C ends everything.",
  ]) {
    print(line);
  }
}

async function writePast(demo: Demo, token: string, signal: AbortSignal): Promise<void> {
  const { folder, ports, print } = demo;
  const file = join(folder, "past.json");
  try {
    const samples = await importPast({
      campus: demoCampus(),
      seed: SEED,
      until: firstStart(file),
      address: `http://127.0.0.1:${ports.http}/`,
      token,
      onProgress: (done, of, n) => print(`Past energy data: month ${done} of ${of}, ${n} samples`),
      pause: () => clock.sleep(seconds(1), signal),
      signal,
    });
    if (!signal.aborted) print(`Past energy data is complete: ${samples} samples of a year.`);
  } catch (error) {
    if (!signal.aborted) print(`Past energy data could not be written: ${wordsOf(error)}`);
  }
}

/** When this data folder's demo began to live: the past ends there, however often it is started. */
function firstStart(file: string): Instant {
  if (existsSync(file)) return instant(Number(JSON.parse(readFileSync(file, "utf8")).untilMs));
  const now = clock.now();
  writeFileSync(file, JSON.stringify({ untilMs: now }));
  return now;
}

/** Everything but the claim on the folder itself. */
function clear(folder: string): void {
  for (const name of ["config", "server", "gateway", "simulators", "logs", "token", "past.json"]) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
  mkdirSync(folder, { recursive: true });
}

function integer(text: string, option: string): number {
  const n = Number(text);
  if (Number.isInteger(n) && n >= 0 && n < 50_000) return n;
  throw new LamplighterError("USAGE", `${option} "${text}" is not a whole number from 0 to 49999`);
}
