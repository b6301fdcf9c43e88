import { describe, expect, it } from "vitest";
import type { ModbusProfile } from "../../../../../../device-profiles/profile.ts";
import {
  afterIllegal,
  afterProof,
  afterRetrial,
} from "../../../../../../gateway/sources/modbus/line/learn.ts";
import {
  type Knowledge,
  type LineTiming,
  NOTHING_KNOWN,
  type PlannedRead,
  planDevice,
} from "../../../../../../gateway/sources/modbus/plan.ts";
import { at, modbusPoint, modbusProfile } from "../../../../../support/modbus-profile.ts";

const TCP: LineTiming = { byteMs: 0, turnaroundMs: 5, frameBytes: 14 };

/** Polls until the device is content; gives back how many requests it took. */
function learn(
  profile: ModbusProfile,
  isLegal: (read: PlannedRead) => boolean,
): { knowledge: Knowledge; requests: number } {
  let knowledge = NOTHING_KNOWN;
  for (let requests = 0; requests < 200; requests++) {
    const bad = planDevice(profile, TCP, knowledge).reads.find((read) => !isLegal(read));
    if (bad === undefined) return { knowledge, requests };
    knowledge = afterIllegal(knowledge, bad).knowledge;
  }
  throw new Error("never content");
}

const touches = (read: PlannedRead, address: number): boolean =>
  address >= read.address && address < read.address + read.count;

describe("learning from illegal addresses", () => {
  const profile = modbusProfile(Array.from({ length: 64 }, (_, i) => modbusPoint(`p${i}`, at(i))));

  it("bisects down to the one bad point and puts the rest together again", () => {
    const { knowledge, requests } = learn(profile, (read) => !touches(read, 37));
    expect([...knowledge.setAside]).toEqual(["p37"]);
    expect(knowledge.cuts.size).toBe(0);
    expect(requests).toBeLessThanOrEqual(7);
    const reads = planDevice(profile, TCP, knowledge).reads;
    expect(reads.map((read) => `${read.address}+${read.count}`)).toEqual(["0+37", "38+26"]);
  });

  it("finds several bad points", () => {
    const bad = [0, 17, 18, 63];
    const { knowledge } = learn(profile, (read) => !bad.some((a) => touches(read, a)));
    expect([...knowledge.setAside].sort()).toEqual(["p0", "p17", "p18", "p63"]);
  });

  it("keeps a cut where the device will not answer two points together", () => {
    const { knowledge } = learn(profile, (read) => !(touches(read, 9) && touches(read, 10)));
    expect(knowledge.setAside.size).toBe(0);
    const reads = planDevice(profile, TCP, knowledge).reads;
    expect(reads.some((read) => read.address === 10)).toBe(true);
  });

  it("asks again for a point that answered when asked alone", () => {
    const { knowledge } = learn(profile, (read) => !touches(read, 5));
    expect(afterRetrial(knowledge, "p5").setAside.size).toBe(0);
  });
});

describe("proving gaps", () => {
  const profile = modbusProfile([modbusPoint("a", at(0)), modbusPoint("b", at(4))]);
  const proof = planDevice(profile, TCP, NOTHING_KNOWN).proofs[0]!;

  it("merges across a proven gap from then on", () => {
    const plan = planDevice(profile, TCP, afterProof(NOTHING_KNOWN, proof, true));
    expect(plan.reads).toHaveLength(1);
    expect(plan.proofs).toHaveLength(0);
  });

  it("never tries a refused gap again", () => {
    const plan = planDevice(profile, TCP, afterProof(NOTHING_KNOWN, proof, false));
    expect(plan.reads).toHaveLength(2);
    expect(plan.proofs).toHaveLength(0);
  });
});
