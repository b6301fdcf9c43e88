import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { milliseconds, minutes, seconds } from "../../core/time.ts";
import { BELL, CommandRig, LIGHT } from "../support/command-rig.ts";

let rig: CommandRig;
beforeEach(() => {
  rig = new CommandRig();
});
afterEach(() => rig.close());

const written = (): readonly number[] => rig.device.writes.map((w) => w.value);

describe("the life of a command", () => {
  it("is accepted by the device and verified only when the device shows it", async () => {
    rig.command(1);
    await rig.clock.advance(milliseconds(199));
    expect(rig.steps()).toEqual(["c1 accepted"]);
    await rig.clock.advance(milliseconds(1));
    expect(rig.steps()).toEqual(["c1 accepted", "c1 verified"]);
    expect(rig.offered).toMatchObject([{ point: LIGHT, value: 1 }]);
  });

  it("is unverifiable for a momentary output", async () => {
    rig.command(1, { point: BELL });
    await rig.clock.advance(seconds(1));
    expect(rig.steps()).toEqual(["c1 accepted", "c1 unverifiable"]);
  });

  it("fails when the device accepts and does nothing", async () => {
    rig.device.obeys = false;
    rig.command(1);
    await rig.clock.advance(seconds(2));
    expect(rig.steps()).toEqual(["c1 accepted", "c1 failed readBackDiffers"]);
    expect(rig.replies.at(-1)).toMatchObject({ shown: 0 });
    expect(rig.executor.holders(LIGHT)).toEqual([]);
  });

  it("is verified when only the answer to the write was lost", async () => {
    rig.device.answer = { kind: "noAnswer", detail: "no answer in 500 ms" };
    rig.command(1);
    await rig.clock.advance(seconds(2));
    expect(rig.steps()).toEqual(["c1 verified"]);
  });

  it("fails when the device refuses, and when it is silent", async () => {
    rig.device.answer = { kind: "refused", detail: "exception 2" };
    rig.command(1);
    await rig.clock.advance(seconds(2));
    rig.device.answer = { kind: "accepted" };
    rig.device.isSilent = true;
    rig.command(1);
    await rig.clock.advance(seconds(5));
    expect(rig.steps()).toEqual(["c1 failed deviceRefused", "c2 accepted", "c2 failed noAnswer"]);
  });

  it("expires when its turn comes after its time to live", async () => {
    rig.command(1);
    await rig.clock.advance(milliseconds(300));
    rig.command(0, { ttlMs: milliseconds(500) });
    await rig.clock.advance(seconds(2));
    expect(rig.steps()).toEqual(["c1 accepted", "c1 verified", "c2 expired ttlEnded"]);
    expect(written()).toEqual([1]);
  });

  it("is overtaken by a newer one while it waits", async () => {
    rig.command(1);
    rig.command(0);
    rig.command(1);
    await rig.clock.advance(seconds(5));
    expect(rig.steps()).toContain("c2 failed overtaken");
    expect(rig.steps().at(-1)).toBe("c3 verified");
    expect(written()).toEqual([1, 1]);
  });

  it("is executed once however often it is sent, also over a restart", async () => {
    const message = rig.command(1);
    await rig.clock.advance(seconds(2));
    rig.executor.handle(message);
    await rig.restart();
    rig.executor.handle(message);
    await rig.clock.advance(seconds(2));
    expect(written()).toEqual([1]);
    expect(rig.steps()).toEqual(["c1 accepted", "c1 verified", "c1 verified", "c1 verified"]);
  });

  it("is only looked at after a crash in its middle", async () => {
    rig.command(1);
    await rig.clock.advance(milliseconds(100));
    await rig.restart();
    await rig.clock.advance(seconds(2));
    expect(written()).toEqual([1]);
    expect(rig.steps().filter((s) => s === "c1 verified").length).toBeGreaterThan(0);
  });
});

describe("priority and lease", () => {
  it("at 10 min the override ends and the schedule below it comes back", async () => {
    rig.command(0, { priority: "schedule", leaseMs: minutes(30) });
    await rig.clock.advance(seconds(5));
    rig.command(1, { priority: "manualOverride", leaseMs: minutes(10) });
    await rig.clock.advance(minutes(9));
    expect(written()).toEqual([0, 1]);
    await rig.clock.advance(minutes(2));
    expect(written()).toEqual([0, 1, 0]);
    expect(rig.executor.holders(LIGHT)).toMatchObject([{ priority: "schedule" }]);
  });

  it("refuses a schedule while an override holds", async () => {
    rig.command(1, { priority: "manualOverride", leaseMs: minutes(10) });
    await rig.clock.advance(seconds(5));
    rig.command(0, { priority: "schedule" });
    await rig.clock.advance(seconds(5));
    expect(rig.steps().at(-1)).toBe("c2 refused heldHigher");
    expect(written()).toEqual([1]);
  });

  it("writes the fallback when the last lease ends, without any server", async () => {
    rig.command(1, { leaseMs: minutes(1) });
    await rig.clock.advance(minutes(2));
    expect(written()).toEqual([1, 0]);
  });

  it("writes the fallback first thing after a restart when the lease ended meanwhile", async () => {
    rig.command(1, { leaseMs: minutes(1) });
    await rig.clock.advance(seconds(5));
    rig.clock.step(minutes(10));
    await rig.restart();
    await rig.clock.advance(seconds(3));
    expect(written()).toEqual([1, 0]);
  });

  it("writes a valid holder again after a restart when the device shows something else", async () => {
    rig.command(1, { leaseMs: minutes(30) });
    await rig.clock.advance(seconds(5));
    rig.device.shown.set(LIGHT, 0);
    await rig.restart();
    await rig.clock.advance(seconds(3));
    expect(written()).toEqual([1, 1]);
  });

  it("knows after a restart which of two holders is the higher", async () => {
    rig.command(0, { priority: "demandLimit", leaseMs: minutes(30) });
    await rig.clock.advance(seconds(5));
    rig.command(1, { priority: "manualOverride", leaseMs: minutes(10) });
    await rig.clock.advance(seconds(5));
    await rig.restart();
    await rig.clock.advance(seconds(5));
    expect(rig.executor.holders(LIGHT).map((h) => h.priority)).toEqual([
      "manualOverride",
      "demandLimit",
    ]);
    expect(written()).toEqual([0, 1]);
  });

  it("does not fight a hand at the switch when a lease ends", async () => {
    rig.command(0, { leaseMs: minutes(1) });
    await rig.clock.advance(seconds(5));
    rig.device.shown.set(LIGHT, 1);
    await rig.clock.advance(minutes(2));
    expect(written()).toEqual([0]);
    expect(rig.executor.holders(LIGHT)).toEqual([]);
  });

  it("ends no lease early when the wall clock jumps", async () => {
    rig.command(1, { leaseMs: minutes(10) });
    await rig.clock.advance(seconds(5));
    rig.clock.step(minutes(60));
    await rig.clock.advance(minutes(5));
    expect(written()).toEqual([1]);
  });
});

describe("a room with gas", () => {
  it("refuses on and off, and lets a lease's end wait for clean air", async () => {
    rig.command(1, { leaseMs: minutes(1) });
    await rig.clock.advance(seconds(5));
    rig.gas(30);
    rig.command(0);
    rig.command(1);
    await rig.clock.advance(minutes(5));
    expect(rig.steps().slice(2)).toEqual(["c2 refused roomFrozen", "c3 refused roomFrozen"]);
    expect(written()).toEqual([1]);
    rig.gas(2);
    await rig.clock.advance(seconds(5));
    expect(written()).toEqual([1, 0]);
  });

  it("stops a command that waited while the gas came", async () => {
    rig.command(1);
    await rig.clock.advance(milliseconds(300));
    rig.command(0);
    rig.gas(60);
    await rig.clock.advance(seconds(5));
    expect(rig.steps().at(-1)).toBe("c2 refused roomFrozen");
    expect(written()).toEqual([1]);
  });
});
