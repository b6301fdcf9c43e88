/** `lamplighter discover --connection <address>`: who is on a line, and which profiles may fit. */
import { formatProblems } from "../../core/document.ts";
import { LamplighterError } from "../../core/errors.ts";
import { type Duration, parseDuration } from "../../core/time.ts";
import { loadProfiles } from "../../device-profiles/library.ts";
import type { ModbusProfile } from "../../device-profiles/profile.ts";
import { systemClock } from "../../platform/clock.ts";
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  EXIT_FAILED,
  parseOptions,
} from "../../platform/command-line.ts";
import type { ModbusConnection } from "../configuration.ts";
import { parseConnectionAddress } from "./connection-address.ts";
import { type Guess, guessText } from "./discover.ts";
import {
  findSunspec,
  guessProfiles,
  type Presence,
  probe,
  rememberingAsk,
  type Sunspec,
  type UnitParts,
} from "./discover-unit.ts";
import { FieldLine } from "./field-line.ts";
import { alignedLines } from "./read-table.ts";
import { parseUnits } from "./units.ts";

/** A sign of progress after this many unit ids. */
const PROGRESS_EVERY = 25;
/** When every one of at least this many unit ids answers, it is one device that ignores them. */
const ALIKE_MIN = 8;

export const discoverCommand: Command = {
  name: "discover",
  summary: "which unit ids answer on a Modbus line, and which profiles may fit",
  usage: [
    "usage: lamplighter discover --connection <address> [options]",
    "",
    "  --connection     tcp://host:502, rtu+tcp://host:4001 or",
    "                   serial:///dev/ttyUSB0?baud=9600&parity=none&stopBits=1",
    "  --units          unit ids to ask, as in 1-10,20 (default 1-247)",
    "  --timeout        how long each may take to answer (default 300ms)",
    "",
    "Asks this address and no other. It only reads; Ctrl-C stops and shows what was found until then.",
    "Best guesses show how many of the points asked for look right; check with `profiles read`.",
  ].join("\n"),
  run: async (context) => {
    const { connection, units, timeout } = optionsOf(context.args);
    const profiles = await modbusProfiles();
    const line = new FieldLine(connection, systemClock, context.signal);
    try {
      await line.open();
      return await discover({ line, units, timeout, profiles }, context);
    } finally {
      await line.close();
    }
  },
};

const usage = (message: string): LamplighterError => new LamplighterError("USAGE", message);

interface DiscoverOptions {
  readonly connection: ModbusConnection;
  readonly units: readonly number[];
  readonly timeout: Duration;
}

function optionsOf(args: readonly string[]): DiscoverOptions {
  const { values, positionals } = parseOptions(args, {
    connection: { type: "string" },
    units: { type: "string", default: "1-247" },
    timeout: { type: "string", default: "300ms" },
  });
  if (positionals.length > 0) throw usage(`"${positionals[0]}" is not known`);
  if (values.connection === undefined)
    throw usage("give --connection: no address is tried unasked");
  const address = parseConnectionAddress(values.connection);
  if (!address.ok) throw usage(`--connection ${address.error}`);
  if (address.value.protocol !== "modbus") {
    throw usage("--connection: only Modbus has unit ids; for OPC UA there is lamplighter browse");
  }
  const units = parseUnits(values.units);
  if (!units.ok) throw usage(`--units ${units.error}`);
  const timeout = parseDuration(values.timeout);
  if (!timeout.ok) throw usage(`--timeout: ${timeout.error}`);
  if (timeout.value <= 0) throw usage("--timeout: more than nothing");
  const { connection } = address.value;
  return { connection, units: units.value, timeout: timeout.value };
}

async function modbusProfiles(): Promise<readonly ModbusProfile[]> {
  const loaded = await loadProfiles();
  if (!loaded.ok) throw new LamplighterError("CONFIG_INVALID", formatProblems(loaded.error));
  return [...loaded.value.values()].filter((profile) => profile.protocol === "modbus");
}

interface Search {
  readonly line: FieldLine;
  readonly units: readonly number[];
  readonly timeout: Duration;
  readonly profiles: readonly ModbusProfile[];
}

interface Found extends Presence {
  readonly unit: number;
  readonly sunspec?: Sunspec | undefined;
  readonly guesses?: readonly Guess[];
}

async function discover(search: Search, context: CommandContext): Promise<number> {
  const { line, units, timeout } = search;
  const { print, complain, signal } = context;
  const partsOf = (unit: number): UnitParts => {
    return { line, unit, answerWithin: timeout, clock: systemClock, signal };
  };
  complain(`asking ${units.length} unit ids on ${line.line.name}, ${timeout} ms each at most`);
  const present = await sweep(units, partsOf, context);
  const isAlike = present.length >= ALIKE_MIN && present.length === units.length;
  const found: Found[] = [];
  for (const one of present) {
    const isAsked = !signal.aborted && !one.isGarbled && !(isAlike && found.length > 0);
    found.push(isAsked ? await identify(one, partsOf(one.unit), search.profiles, context) : one);
  }
  if (found.length === 0) {
    print(
      `nothing answers on ${line.line.name}; check wiring, baud, parity, or a longer --timeout`,
    );
    return EXIT_FAILED;
  }
  for (const row of foundLines(found)) print(row);
  if (isAlike) print("Every unit id answers: this is likely one device that ignores unit ids.");
  return EXIT_DONE;
}

async function sweep(
  units: readonly number[],
  partsOf: (unit: number) => UnitParts,
  { complain, signal }: CommandContext,
): Promise<readonly Found[]> {
  const present: Found[] = [];
  for (const [i, unit] of units.entries()) {
    if (signal.aborted) break;
    const presence = await probe(partsOf(unit));
    if (presence !== undefined) {
      present.push({ unit, ...presence });
      complain(`unit ${unit} answers`);
    }
    if ((i + 1) % PROGRESS_EVERY !== 0) continue;
    complain(`asked ${i + 1} of ${units.length}, ${present.length} answer`);
  }
  return present;
}

async function identify(
  one: Found,
  parts: UnitParts,
  profiles: readonly ModbusProfile[],
  { complain, signal }: CommandContext,
): Promise<Found> {
  complain(`unit ${one.unit}: looking for SunSpec and comparing ${profiles.length} profiles`);
  const ask = rememberingAsk(parts);
  const sunspec = await findSunspec(ask, signal);
  const fitting = profiles.filter((profile) => {
    return profile.sunspec === undefined || sunspec !== undefined;
  });
  return { ...one, sunspec, guesses: await guessProfiles(parts, ask, fitting) };
}

function foundLines(found: readonly Found[]): readonly string[] {
  const rows = found.map(({ unit, answer, sunspec, guesses }) => {
    const chain = sunspec === undefined ? "" : sunspecText(sunspec);
    return [String(unit), answer, chain, guesses === undefined ? "" : guessText(guesses)];
  });
  return alignedLines(["unit", "answers", "SunSpec", "best guesses"], rows, new Set(["unit"]));
}

function sunspecText({ base, models, identity }: Sunspec): string {
  const name = identity === "" ? "" : ` (${identity})`;
  return `at ${base}: models ${models.join(", ")}${name}`;
}
