/**
 * What one dead device costs its neighbours on a shared line of 9,600 baud, and how long a write waits on a
 * full one. The line's own time is simulated byte by byte on a clock moved by hand, so the figures are
 * the line's and not this machine's.
 */
import { type PointId, parsePointId } from "../../core/ids.ts";
import { minutes, seconds } from "../../core/time.ts";
import { bank } from "../support/modbus-device.ts";
import { Plant } from "../support/modbus-plant.ts";
import { at, BIG, modbusPoint, modbusProfile } from "../support/modbus-profile.ts";
import type { BenchFigure } from "./figure.ts";

const PERIOD = seconds(2);
const ANSWER_WITHIN = seconds(0.5);
const DEAD = 5;
/** A probe holds the line for its timeout and its own frame. */
const PROBE_MS = 570;
const WRITES = 50;

export async function modbusLineBench(): Promise<readonly BenchFigure[]> {
  return [...(await deadNeighbour()), await writeOnFullLine()];
}

const meter = (registers: number) => ({
  profile: modbusProfile(
    Array.from({ length: registers }, (_, i) => modbusPoint(`p${i}`, at(i))),
    { answerWithin: ANSWER_WITHIN },
  ),
  memory: () => bank(Object.fromEntries(Array.from({ length: registers }, (_, i) => [i, i]))),
});

async function deadNeighbour(): Promise<readonly BenchFigure[]> {
  const plant = new Plant(PERIOD);
  const { profile, memory } = meter(20);
  for (let unit = 1; unit <= 10; unit++) plant.line.add(unit, memory());
  plant.start(Array.from({ length: 10 }, () => profile));
  await plant.clock.advance(minutes(1));
  const device = plant.line.devices.get(DEAD);
  if (device === undefined) throw new Error("the line has no such device");
  device.isDead = true;
  await plant.clock.advance(minutes(9));
  const gaps = [1, 2, 3, 4, 6, 7, 8, 9, 10].map((unit) =>
    plant.longestGap(`d${unit}/p0`, 0, minutes(10)),
  );
  const probes = plant.line.requests.filter((r) => r.unit === DEAD && r.atMs >= minutes(5));
  await plant.stop();
  return [
    {
      name: "9,600 baud, 1 of 10 dead: polls a neighbour lost, worst",
      value: Math.max(0, Math.ceil(Math.max(...gaps) / PERIOD) - 1),
      unit: "polls",
      budget: "≤ 1",
    },
    {
      name: "9,600 baud: the dead one's share of the line, settled",
      value: ((probes.length * PROBE_MS) / minutes(5)) * 100,
      unit: "%",
      budget: "≤ 5",
    },
  ];
}

async function writeOnFullLine(): Promise<BenchFigure> {
  const plant = new Plant(PERIOD);
  const { profile, memory } = meter(120);
  const lamp = modbusPoint("lamp", at(0, "bit", { table: "coil" }), {
    kind: "state",
    write: { function: "writeCoil", address: 0, type: "bit", order: BIG },
  });
  for (let unit = 1; unit <= 8; unit++) plant.line.add(unit, memory());
  plant.line.add(9, bank());
  const relay = modbusProfile([lamp], { answerWithin: ANSWER_WITHIN });
  plant.start([...Array.from({ length: 8 }, () => profile), relay]);
  await plant.clock.advance(minutes(1));
  const waits: number[] = [];
  for (let i = 0; i < WRITES; i++) {
    await plant.clock.advance(seconds(1.037));
    const askedAt = plant.clock.monotonic();
    const writing = plant.source.write({ point: LAMP, value: i % 2, timeout: seconds(5) });
    await plant.clock.advance(seconds(0.5));
    await writing;
    const write = plant.line.requests.findLast((request) => request.code === 5);
    waits.push((write?.atMs ?? Number.POSITIVE_INFINITY) - askedAt);
  }
  await plant.stop();
  return {
    name: "9,600 baud, full line: a write starts within, worst",
    value: Math.max(...waits),
    unit: "ms",
    budget: "≤ 100 + one frame",
  };
}

const LAMP = pointOf("d9/lamp");

function pointOf(text: string): PointId {
  const parsed = parsePointId(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}
