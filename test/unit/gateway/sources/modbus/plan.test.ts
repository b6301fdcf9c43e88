import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { POLL_PERIODS } from "../../../../../device-profiles/poll-classes.ts";
import type { ModbusPoint, ModbusProfile } from "../../../../../device-profiles/profile.ts";
import { widthOf } from "../../../../../gateway/sources/modbus/decode.ts";
import {
  gapKey,
  type Knowledge,
  type LineTiming,
  NOTHING_KNOWN,
  type PlannedRead,
  planDevice,
  TRANSACTION_MAX,
} from "../../../../../gateway/sources/modbus/plan.ts";
import { at, modbusPoint, modbusProfile } from "../../../../support/modbus-profile.ts";

const TCP: LineTiming = { byteMs: 0, turnaroundMs: 5, frameBytes: 14 };
const SLOW: LineTiming = { byteMs: 10_000 / 9_600, turnaroundMs: 15, frameBytes: 6 };

const registers = (...addresses: number[]): ModbusPoint[] =>
  addresses.map((address) => modbusPoint(`p${address}`, at(address)));

const spans = (reads: readonly PlannedRead[]): string[] =>
  reads.map((read) => `${read.address}+${read.count}`);

const planned = (
  points: ModbusPoint[],
  limits: Partial<ModbusProfile["limits"]> = {},
  { knowledge = NOTHING_KNOWN, line = TCP }: { knowledge?: Knowledge; line?: LineTiming } = {},
): string[] => spans(planDevice(modbusProfile(points, limits), line, knowledge).reads);

const knowing = (more: Partial<Knowledge>): { knowledge: Knowledge } => ({
  knowledge: { ...NOTHING_KNOWN, ...more },
});

describe("planning reads", () => {
  it("joins what touches", () => {
    expect(planned(registers(3, 1, 2, 9))).toEqual(["1+3", "9+1"]);
  });

  it("asks once for points in the same register", () => {
    const points = [1, 2, 4].map((mask) => modbusPoint(`b${mask}`, at(5, "bit", { mask })));
    expect(planned(points)).toEqual(["5+1"]);
  });

  it("does not rely on a gap that nobody has proven, and proposes to prove it", () => {
    const profile = modbusProfile(registers(0, 5));
    const plan = planDevice(profile, TCP, NOTHING_KNOWN);
    expect(spans(plan.reads)).toEqual(["0+1", "5+1"]);
    expect(spans(plan.proofs)).toEqual(["0+6"]);
  });

  it("uses a proven gap and forgets a refused one", () => {
    const key = gapKey({ table: "holding", from: 1, through: 4 });
    expect(planned(registers(0, 5), {}, knowing({ proven: new Set([key]) }))).toEqual(["0+6"]);
    const refused = planDevice(modbusProfile(registers(0, 5)), TCP, {
      ...NOTHING_KNOWN,
      refused: new Set([key]),
    });
    expect(refused.proofs).toEqual([]);
  });

  it("proves every gap of a long block by itself", () => {
    const plan = planDevice(modbusProfile(registers(0, 3, 6, 9)), TCP, NOTHING_KNOWN);
    expect(spans(plan.proofs)).toEqual(["0+4", "3+4", "6+4"]);
  });

  it.each([
    { name: "gapMax", limits: { gapMax: 3 } },
    {
      name: "a prohibited register inside",
      limits: { prohibited: [{ table: "holding", from: 3, through: 3 }] },
    },
    {
      name: "a read-alone register inside",
      limits: { readAlone: [{ table: "holding", from: 2, through: 2 }] },
    },
  ] as const)("proposes no proof across $name", ({ limits }) => {
    expect(planDevice(modbusProfile(registers(0, 5), limits), TCP, NOTHING_KNOWN).proofs).toEqual(
      [],
    );
  });

  it("respects the device's registers per read and never cuts through a value", () => {
    const floats = [0, 2, 4, 6].map((a) => modbusPoint(`f${a}`, at(a, "float32")));
    expect(planned(floats, { registersMax: 5 })).toEqual(["0+4", "4+4"]);
  });

  it("never asks for more than the protocol allows", () => {
    const many = registers(...Array.from({ length: 200 }, (_, i) => i));
    expect(planned(many, { registersMax: 200 })).toEqual(["0+125", "125+75"]);
  });

  it("asks for read-alone registers alone", () => {
    const limits = { readAlone: [{ table: "holding", from: 2, through: 2 }] } as const;
    expect(planned(registers(1, 2, 3), limits)).toEqual(["1+1", "2+1", "3+1"]);
    const points = [...registers(1), modbusPoint("p2", at(2), { alone: true }), ...registers(3)];
    expect(planned(points)).toEqual(["1+1", "2+1", "3+1"]);
  });

  it("keeps tables apart", () => {
    const points = [
      modbusPoint("h", at(0)),
      modbusPoint("i", at(1, "uint16", { table: "input" })),
      modbusPoint("c", at(2, "bit", { table: "coil" })),
    ];
    expect(planned(points)).toEqual(["0+1", "1+1", "2+1"]);
  });

  it("reads hazards at their own pace, whatever class they name", () => {
    const points = [
      modbusPoint("gas", at(0), { hazard: "combustibleGas", poll: "slow" }),
      modbusPoint("temperature", at(1), { poll: "slow" }),
    ];
    const { reads } = planDevice(modbusProfile(points), TCP, NOTHING_KNOWN);
    expect(reads.map((read) => [read.poll, read.period])).toEqual([
      ["hazard", 500],
      ["slow", 60_000],
    ]);
  });

  it("tells reads of two classes apart that share period and registers", () => {
    const points = [
      modbusPoint("gas", at(0), { hazard: "combustibleGas" }),
      modbusPoint("raw", at(0), { poll: "slow" }),
    ];
    const periods = { ...POLL_PERIODS, slow: POLL_PERIODS.hazard };
    const { reads } = planDevice(modbusProfile(points), TCP, NOTHING_KNOWN, periods);
    expect(reads).toHaveLength(2);
    expect(new Set(reads.map((read) => read.key)).size).toBe(2);
  });

  it("splits on a slow line so that a command never waits long", () => {
    const many = registers(...Array.from({ length: 120 }, (_, i) => i));
    const { reads } = planDevice(modbusProfile(many), SLOW, NOTHING_KNOWN);
    expect(reads.length).toBeGreaterThan(3);
    for (const read of reads) expect(read.predicted).toBeLessThanOrEqual(TRANSACTION_MAX);
  });

  it("reads a gap along on a slow line only while that is shorter than asking twice", () => {
    const proof = (gap: number): number =>
      planDevice(modbusProfile(registers(0, gap + 1), { gapMax: 100 }), SLOW, NOTHING_KNOWN).proofs
        .length;
    expect([proof(10), proof(14), proof(20)]).toEqual([1, 0, 0]);
  });

  it("keeps the parts of a split counter in one request", () => {
    const point = modbusPoint("volume", at(0, "uint32"), {
      plus: [{ read: at(8, "uint32"), scale: 1e-6 }],
    });
    expect(planned([point, ...registers(20)])).toEqual(["0+10", "20+1"]);
  });

  it("begins a new read where it was cut, and leaves out what was set aside", () => {
    expect(planned(registers(0, 1, 2, 3), {}, knowing({ cuts: new Set(["holding:2"]) }))).toEqual([
      "0+2",
      "2+2",
    ]);
    expect(planned(registers(0, 1, 2), {}, knowing({ setAside: new Set(["p1"]) }))).toEqual([
      "0+1",
      "2+1",
    ]);
  });

  it("always covers every point and never breaks a limit", () => {
    const type = fc.constantFrom("uint16", "float32", "int64");
    const address = fc.record({ address: fc.nat(300), type });
    const limits = fc.record({
      registersMax: fc.integer({ min: 4, max: 125 }),
      gapMax: fc.nat(30),
    });
    fc.assert(
      fc.property(
        fc.array(address, { minLength: 1, maxLength: 40 }),
        limits,
        fc.boolean(),
        (addresses, limits, isSlow) => {
          const points = addresses.map((a, i) => modbusPoint(`p${i}`, at(a.address * 4, a.type)));
          const plan = planDevice(
            modbusProfile(points, limits),
            isSlow ? SLOW : TCP,
            NOTHING_KNOWN,
          );
          const covered = points.every((point) =>
            plan.reads.some(
              (read) =>
                read.points.includes(point) &&
                read.address <= point.read.address &&
                read.address + read.count >= point.read.address + widthOf(point.read),
            ),
          );
          const within = [...plan.reads, ...plan.proofs].every(
            (read) => read.count <= limits.registersMax,
          );
          return covered && within;
        },
      ),
    );
  });
});
