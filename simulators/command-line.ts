/** `lamplighter simulate`: runs the campus, plays scenarios on a running one, writes its configuration. */
import { LamplighterError, wordsOf } from "../core/errors.ts";
import { systemClock } from "../platform/clock.ts";
import { EXIT_DONE, EXIT_FAILED, EXIT_USAGE, parseOptions } from "../platform/command-line.ts";
import { createLog } from "../platform/log.ts";
import { modbusPorts } from "./campus/configuration.ts";
import { demoCampus } from "./campus/demo.ts";
import { readPasswords, writeCampusConfiguration } from "./campus/write.ts";
import { runTape, startPlayback, startRecording, type Target } from "./modbus/tape.ts";
import { runSimulators } from "./simulate.ts";

const DEFAULTS = {
  modbus: 15_020,
  opcua: 14_840,
  control: 15_000,
  http: 8_080,
  uplink: 1_883,
  devices: 1_884,
} as const;

export const USAGE = `usage:
  lamplighter simulate [options]                       runs the simulated campus until Ctrl-C
  lamplighter simulate trigger <scenario> [--set name=value …] [--control URL]
  lamplighter simulate stop <scenario> [--control URL]
  lamplighter simulate list [--control URL]            scenarios and what each is doing
  lamplighter simulate configuration <directory>       writes the files for a server and a gateway
  lamplighter simulate record <file> --to HOST:PORT [--listen PORT]
                                                       keeps what a Modbus TCP device says to its master
  lamplighter simulate replay <file> [--listen PORT]   answers in its place

options of a run:
  --config DIR        directory with the MQTT devices' passwords (see "configuration")
  --data DIR          where registers and OPC UA keys are kept (./data/simulators)
  --seed N            same seed, same campus (1)
  --time-of-day HH:MM hour of the simulated day at the start, "now" for the wall clock (10:15)
  --modbus PORT       first Modbus TCP port, one per line upward (${DEFAULTS.modbus})
  --opcua PORT        OPC UA (${DEFAULTS.opcua})
  --control PORT      control page, loopback only (${DEFAULTS.control})
  --devices PORT      the gateway's broker, which MQTT devices connect to (${DEFAULTS.devices})
  --mqtt URL          the same as a URL; "none" leaves MQTT devices unplugged

record and replay listen on 127.0.0.1, port 15502 when --listen is left out

options of "configuration": --http, --uplink, --devices, --opcua, --modbus PORT`;

type Print = (line: string) => void;

export async function simulateCommand(
  args: readonly string[],
  print: Print,
  signal: AbortSignal,
): Promise<number> {
  const [verb, ...rest] = args;
  if (args.includes("--help") || args.includes("-h")) {
    print(USAGE);
    return EXIT_DONE;
  }
  switch (verb) {
    case "trigger":
      return play("start", rest, print);
    case "stop":
      return play("stop", rest, print);
    case "list":
      return list(rest, print);
    case "configuration":
      return configuration(rest, print);
    case "record":
    case "replay":
      return tape(verb, rest, print, signal);
    default:
      if (verb === undefined || verb.startsWith("-")) return run(args, print, signal);
      print(`lamplighter simulate: there is no "${verb}".\n${USAGE}`);
      return EXIT_USAGE;
  }
}

const text = { type: "string" } as const;

function portOf(given: string | undefined, standard: number): number {
  if (given === undefined) return standard;
  const port = Number(given);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new LamplighterError("USAGE", `"${given}" is not a port (0 to 65535)`);
}

async function run(args: readonly string[], print: Print, signal: AbortSignal): Promise<number> {
  const { values } = parseOptions(args, {
    config: text,
    data: text,
    seed: text,
    "time-of-day": text,
    modbus: text,
    opcua: text,
    control: text,
    devices: text,
    mqtt: text,
  });
  const campus = demoCampus();
  const devices = portOf(values.devices, DEFAULTS.devices);
  const url = values.mqtt ?? `mqtt://127.0.0.1:${devices}`;
  const passwords = values.config ? await readPasswords(campus, values.config) : undefined;
  const minute = minuteFrom(values["time-of-day"] ?? "10:15");
  const log = createLog({ name: "simulators", level: "info" });
  const options = {
    campus: "demo",
    seed: seedFrom(values.seed),
    ports: {
      modbusFirst: portOf(values.modbus, DEFAULTS.modbus),
      opcua: portOf(values.opcua, DEFAULTS.opcua),
      control: portOf(values.control, DEFAULTS.control),
    },
    ...(url === "none" ? {} : { mqtt: { url, ...(passwords ? { passwords } : {}) } }),
    dataDir: values.data ?? "./data/simulators",
    ...(minute === undefined ? {} : { timeOfDay: minute }),
  } as const;
  const { control } = options.ports;
  const page = control === 0 ? "on a free port" : `http://127.0.0.1:${control}/`;
  print(`The simulated campus starts; its control page: ${page}`);
  await runSimulators(options, systemClock, log, signal);
  return EXIT_DONE;
}

function minuteFrom(time: string): number | undefined {
  if (time === "now") return undefined;
  const [, hours, minutes] = /^(\d{1,2}):(\d\d)$/.exec(time) ?? [];
  const minute = Number(hours) * 60 + Number(minutes);
  if (Number(minutes) < 60 && minute < 1_440) return minute;
  throw new LamplighterError("USAGE", `"${time}" is not a time of day like 10:15, or "now"`);
}

function seedFrom(given: string | undefined): number {
  const seed = Number(given ?? "1");
  if (Number.isSafeInteger(seed)) return seed;
  throw new LamplighterError("USAGE", `"${given}" is not a whole number for a seed`);
}

async function configuration(args: readonly string[], print: Print): Promise<number> {
  const { values, positionals } = parseOptions(args, {
    http: text,
    uplink: text,
    devices: text,
    opcua: text,
    modbus: text,
  });
  const [directory] = positionals;
  if (directory === undefined || positionals.length > 1) {
    throw new LamplighterError("USAGE", "name one directory for the configuration");
  }
  const campus = demoCampus();
  const written = await writeCampusConfiguration(
    campus,
    {
      http: portOf(values.http, DEFAULTS.http),
      uplink: portOf(values.uplink, DEFAULTS.uplink),
      devices: portOf(values.devices, DEFAULTS.devices),
      opcua: portOf(values.opcua, DEFAULTS.opcua),
      modbus: modbusPorts(campus, portOf(values.modbus, DEFAULTS.modbus)),
    },
    directory,
  );
  for (const path of written) print(`wrote ${path}`);
  return EXIT_DONE;
}

const TAPE_PORT = 15_502;

async function tape(
  verb: "record" | "replay",
  args: readonly string[],
  print: Print,
  signal: AbortSignal,
): Promise<number> {
  const { values, positionals } = parseOptions(args, { to: text, listen: text });
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) {
    throw new LamplighterError("USAGE", `name one file to ${verb}`);
  }
  const port = portOf(values.listen, TAPE_PORT);
  const started =
    verb === "replay"
      ? await startPlayback({ file, port })
      : await startRecording(systemClock, { file, port, target: targetFrom(values.to) });
  print(`Modbus TCP on 127.0.0.1:${started.port}; Ctrl-C ends it.`);
  await runTape(started, signal);
  print(`${started.count()} exchanges.`);
  return EXIT_DONE;
}

function targetFrom(given: string | undefined): Target {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(given ?? "") ?? [];
  if (host !== undefined) return { host, port: portOf(port, 502) };
  throw new LamplighterError("USAGE", "name the device to record with --to HOST:PORT");
}

const controlUrl = (given: string | undefined): string =>
  (given ?? `http://127.0.0.1:${DEFAULTS.control}`).replace(/\/+$/, "");

async function play(
  verb: "start" | "stop",
  args: readonly string[],
  print: Print,
): Promise<number> {
  const { values, positionals } = parseOptions(args, {
    control: text,
    set: { type: "string", multiple: true },
  });
  const [scenario] = positionals;
  if (scenario === undefined || positionals.length > 1) {
    throw new LamplighterError("USAGE", "name one scenario; lamplighter simulate list shows them");
  }
  const parameters = Object.fromEntries((values.set ?? []).map(parameterFrom));
  const url = `${controlUrl(values.control)}/scenarios/${encodeURIComponent(scenario)}/${verb}`;
  const answered = await ask(url, { parameters });
  if (answered.ok) {
    print(`${scenario}: ${verb === "start" ? "started" : "stopped"}`);
    return EXIT_DONE;
  }
  for (const problem of answered.problems) print(`lamplighter simulate: ${problem}`);
  return EXIT_FAILED;
}

function parameterFrom(assignment: string): [string, string | number | boolean] {
  const [name = "", ...rest] = assignment.split("=");
  const value = rest.join("=");
  if (name === "" || rest.length === 0) {
    throw new LamplighterError("USAGE", `"${assignment}" is not name=value`);
  }
  if (value === "true" || value === "false") return [name, value === "true"];
  const number = Number(value);
  return [name, value !== "" && Number.isFinite(number) ? number : value];
}

type Asked =
  | { readonly ok: true; readonly body: unknown }
  | { readonly ok: false; readonly problems: readonly string[] };

async function ask(url: string, body?: unknown): Promise<Asked> {
  const post = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body ?? {}),
  };
  try {
    const response = await fetch(url, body === undefined ? {} : post);
    const answer: unknown = await response.json();
    if (response.ok) return { ok: true, body: answer };
    const problems: unknown = Reflect.get(Object(answer), "problems");
    return { ok: false, problems: Array.isArray(problems) ? problems.map(String) : ["refused"] };
  } catch (error) {
    const why = error instanceof Error && error.cause ? wordsOf(error.cause) : wordsOf(error);
    const hint = "is the campus running? lamplighter simulate, or lamplighter demo";
    return { ok: false, problems: [`${new URL(url).origin} does not answer (${why}); ${hint}`] };
  }
}

async function list(args: readonly string[], print: Print): Promise<number> {
  const { values } = parseOptions(args, { control: text });
  const answered = await ask(`${controlUrl(values.control)}/scenarios`);
  if (!answered.ok) {
    for (const problem of answered.problems) print(`lamplighter simulate: ${problem}`);
    return EXIT_FAILED;
  }
  const scenarios: readonly unknown[] = Array.isArray(answered.body) ? answered.body : [];
  for (const scenario of scenarios) {
    const field = (name: string): unknown => Reflect.get(Object(scenario), name);
    const name: unknown = field("name");
    const words = `${Reflect.get(Object(name), "en")} (${Reflect.get(Object(name), "zh")})`;
    print(`${String(field("id")).padEnd(22)} ${String(field("state")).padEnd(8)} ${words}`);
  }
  return EXIT_DONE;
}
