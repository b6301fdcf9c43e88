/** Our source against a real OPC UA server, on a wire that can be cut and frozen. */
import { StatusCodes } from "node-opcua";
import { describe, expect, it } from "vitest";
import { deviceId, pointId } from "../../core/ids.ts";
import { seconds } from "../../core/time.ts";
import { systemClock } from "../../platform/clock.ts";
import { eventually } from "../support/eventually.ts";
import {
  endAfterEach,
  isShown,
  LEVEL,
  NAMESPACE,
  OPTIONS,
  startOpcua as start,
  teardowns,
} from "../support/opcua-bench.ts";
import { startTestServer } from "../support/opcua-server.ts";

endAfterEach();

describe("OPC UA source", () => {
  it("shows what the server says, with the time and status of the server", async () => {
    const { server, sink, statuses } = await start();
    await eventually("first value", isShown(sink, 0));
    expect(statuses.map((s) => s.state)).toEqual(["online"]);
    const time = new Date(Date.now() - 1_500);
    server.set("a1-lights/light_level", 42.5, { time });
    await eventually("42.5", isShown(sink, 42.5));
    expect(sink.last(LEVEL)).toMatchObject({ time: time.getTime(), timeSource: "device" });
    server.set("a1-lights/light_level", 43, { status: StatusCodes.UncertainLastUsableValue });
    await eventually("in doubt", () => sink.last(LEVEL)?.quality === "uncertain");
    server.set("a1-lights/light_level", 44, { status: StatusCodes.BadSensorFailure });
    await eventually("bad", () => sink.last(LEVEL)?.quality === "bad");
    expect(sink.last(LEVEL)).not.toHaveProperty("value");
    expect(sink.last(LEVEL)).toMatchObject({
      reason: "sensorFault",
      detail: "the server says BadSensorFailure",
    });
  });

  it("loses no change inside a publishing interval", async () => {
    const { server, sink } = await start();
    await eventually("first value", isShown(sink, 0));
    for (let level = 1; level <= 10; level++) {
      server.set("a1-lights/light_level", level, { time: new Date() });
      await systemClock.sleep(seconds(0.3));
    }
    await eventually("last value", isShown(sink, 10));
    const shown = sink.of(LEVEL).flatMap((s) => (s.quality === "good" ? [Number(s.value)] : []));
    expect([...new Set(shown)]).toEqual(Array.from({ length: 11 }, (_, i) => i));
  });

  it("writes what the device wants written, and reads it back", async () => {
    const { server, sink, source } = await start();
    await eventually("first value", isShown(sink, 0));
    const [on, level] = ["light_on", "light_level"].map((n) => pointId(deviceId("a1-lights"), n));
    const timeout = seconds(2);
    await expect(source.write({ point: on!, value: 1, timeout })).resolves.toEqual({
      kind: "accepted",
    });
    expect(server.valueOf("a1-lights/light_on")).toBe(true);
    await expect(source.read(on!, timeout)).resolves.toMatchObject({ kind: "value", value: 1 });
    await expect(source.write({ point: on!, value: 2, timeout })).resolves.toMatchObject({
      kind: "refused",
    });
    // The server's variable is a Double, the profile says Float: its answer is what people must see.
    await expect(source.write({ point: level!, value: 5, timeout })).resolves.toEqual({
      kind: "refused",
      detail: "the server says BadTypeMismatch",
    });
  });

  it("names a device that is not there, and serves the others", async () => {
    const { sink } = await start({ devices: ["a1-lights", "attic-lights"] });
    await eventually("the one that is there", isShown(sink, 0));
    expect(sink.last("attic-lights/light_level")).toMatchObject({
      quality: "bad",
      reason: "notImplemented",
      detail: `the server has no ${NAMESPACE}#attic-lights / lighting:light_level`,
    });
  });

  it("finds its variables again when a restarted server numbers its namespaces differently", async () => {
    const { server, wire, sink, statuses } = await start();
    await eventually("first value", isShown(sink, 0));
    await server.stop();
    teardowns.splice(0, 1);
    await eventually("lost", () => statuses.at(-1)?.state === "offline", seconds(15));
    expect(sink.last(LEVEL)).toMatchObject({ quality: "bad", reason: "connectionLost" });
    const again = await startTestServer({ ...OPTIONS, port: server.port, otherNamespaces: 3 });
    teardowns.unshift(() => again.stop());
    again.set("a1-lights/light_level", 77);
    await eventually("found again", isShown(sink, 77), seconds(30));
    expect(statuses.at(-1)?.state).toBe("online");
    expect(wire.port).toBeGreaterThan(0);
  }, 60_000);

  it("notices silence, says so, and goes on when the server speaks again", async () => {
    const { server, wire, sink, statuses } = await start();
    await eventually("first value", isShown(sink, 0));
    wire.freeze();
    const frozenAt = performance.now();
    await eventually("silence noticed", () => statuses.at(-1)?.state === "offline");
    expect(performance.now() - frozenAt).toBeLessThan(4_500);
    expect(statuses.at(-1)?.detail).toMatch(/^the server has said nothing for \d/);
    server.set("a1-lights/light_level", 5);
    wire.thaw();
    await eventually("back", isShown(sink, 5), seconds(20));
    expect(statuses.at(-1)?.state).toBe("online");
  }, 40_000);

  it("fills a long outage from the server's history, with the times of then", async () => {
    const { server, wire, sink, statuses } = await start({ server: { history: true } });
    await eventually("first value", isShown(sink, 0));
    server.set("a1-lights/light_level", 1);
    await eventually("before the cut", isShown(sink, 1));
    wire.cut();
    const times: number[] = [];
    for (let level = 2; level <= 13; level++) {
      await systemClock.sleep(seconds(1));
      const time = new Date();
      server.set("a1-lights/light_level", level, { time });
      times.push(time.getTime());
    }
    expect(statuses.at(-1)?.state).toBe("offline");
    wire.restore();
    await eventually("after the cut", isShown(sink, 13), seconds(40));
    const filled = () =>
      sink.of(LEVEL).filter((s) => s.quality === "good" && Number(s.value) >= 2).length >= 12;
    await eventually("filled", filled, seconds(20));
    const late = sink.of(LEVEL).flatMap((s) => {
      const isStored = s.quality === "good" && s.timeSource === "device" && Number(s.value) >= 2;
      return isStored ? [s.time] : [];
    });
    expect(late.slice(0, 11)).toEqual(times.slice(0, 11));
  }, 90_000);

  it("loses nothing and gives nothing twice over a line that was cut for a moment", async () => {
    const { server, wire, sink, statuses } = await start();
    await eventually("first value", isShown(sink, 0));
    server.set("a1-lights/light_level", 1);
    await eventually("before the cut", isShown(sink, 1));
    wire.cut();
    for (const level of [2, 3, 4]) {
      server.set("a1-lights/light_level", level);
      await systemClock.sleep(seconds(0.4));
    }
    wire.restore();
    await eventually("after the cut", isShown(sink, 4), seconds(20));
    const good = sink.of(LEVEL).flatMap((s) => (s.quality === "good" ? [s.value] : []));
    if (!statuses.some((s) => s.state === "offline")) expect(good).toEqual([0, 1, 2, 3, 4]);
  }, 40_000);
});
