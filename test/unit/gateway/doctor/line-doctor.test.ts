import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deviceId } from "../../../../core/ids.ts";
import { parseFindings } from "../../../../core/line-findings.ts";
import { seconds } from "../../../../core/time.ts";
import { LineDoctor } from "../../../../gateway/doctor/line-doctor.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { LineBench } from "../../../support/line-report.ts";
import { RecordingSink } from "../../../support/source-sink.ts";

let ending: AbortController;
beforeEach(() => {
  ending = new AbortController();
});
afterEach(() => ending.abort());

function start(names: readonly string[] = ["line-a"]) {
  const clock = new FakeClock();
  const sink = new RecordingSink();
  const benches = names.map(() => new LineBench());
  const lines = benches.map((bench, i) => ({
    device: deviceId(names[i] ?? ""),
    report: () => bench.doctor.report(clock.monotonic()),
  }));
  const doctor = new LineDoctor(clock, sink, lines);
  const run = doctor.run(ending.signal);
  const [bench = new LineBench()] = benches;
  return { clock, sink, bench, run };
}

describe("the doctor's round", () => {
  it("offers every line's figures each 10 s, spread over the round", async () => {
    const { clock, sink } = start(["line-a", "line-b"]);
    await clock.advance(seconds(5));
    expect(sink.of("line-a/duty_cycle")).toHaveLength(1);
    expect(sink.of("line-b/duty_cycle")).toHaveLength(0);
    await clock.advance(seconds(25));
    expect(sink.of("line-a/duty_cycle")).toHaveLength(3);
    expect(sink.of("line-b/duty_cycle")).toHaveLength(3);
    expect(sink.of("line-a/timeout_rate")).toHaveLength(0);
  });

  it("writes findings once a minute, and at once when a sentence changes", async () => {
    const { clock, sink, bench } = start();
    bench.ask(0, "answered", 30);
    bench.ask(1, "answered", 30);
    await clock.advance(seconds(50));
    expect(sink.of("line-a/findings")).toHaveLength(1);
    bench.ask(1, "timeout", 2);
    await clock.advance(seconds(10));
    const written = sink.of("line-a/findings");
    expect(written).toHaveLength(2);
    const last = written[1];
    const text = last !== undefined && last.quality !== "bad" ? String(last.value) : "";
    const read = parseFindings(text);
    expect(read.ok && read.value.sentences[0]?.en).toContain("unit 2 (m2) is silent");
    await clock.advance(seconds(60));
    expect(sink.of("line-a/findings")).toHaveLength(3);
  });

  it("says that a connection is down instead of giving figures", async () => {
    const { clock, sink, bench } = start();
    bench.ask(0, "answered", 30);
    bench.doctor.lineIs("lost");
    await clock.advance(seconds(10));
    expect(sink.last("line-a/duty_cycle")).toMatchObject({
      quality: "bad",
      reason: "connectionLost",
    });
    expect(sink.last("line-a/findings")).toMatchObject({ quality: "good" });
  });

  it("ends at once without lines", async () => {
    await start([]).run;
  });
});
