import { beforeEach, describe, expect, it } from "vitest";
import { type Instant, instant, minutes, seconds } from "../../../../core/time.ts";
import { silentLog } from "../../../../platform/log.ts";
import { loadScenarios } from "../../../../simulators/scenarios/library.ts";
import { ScenarioPlayer } from "../../../../simulators/scenarios/player.ts";
import { parseScenario } from "../../../../simulators/scenarios/scenario.ts";
import { switchLight } from "../../../../simulators/world/act.ts";
import { step } from "../../../../simulators/world/step.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { LESSON, type Simulated, simulated } from "../../../support/simulated.ts";

let campus: Simulated;
let clock: FakeClock;
let player: ScenarioPlayer;

beforeEach(async () => {
  clock = new FakeClock(LESSON);
  campus = await simulated(instant(LESSON - 2_000));
  player = new ScenarioPlayer(clock, silentLog, await loadScenarios(), campus);
});

async function pass(duration: number, onStep?: (now: Instant) => void): Promise<void> {
  for (let ms = 0; ms < duration; ms += 1_000) {
    await clock.advance(seconds(1));
    onStep?.(clock.now());
    step(campus.world, clock.now());
    player.tick();
  }
}

const verdicts = (id: string): readonly (boolean | undefined)[] =>
  player.status(id).verdicts.map(({ seen }) => seen);

describe("every shipped scenario shows what it promises", () => {
  it.each([
    ["gas-leak", minutes(20)],
    ["power-cut", minutes(6)],
    ["door-forced", minutes(4)],
    ["dead-meter", minutes(11)],
    ["water-main-burst", minutes(9)],
    ["network-away", minutes(62)],
    ["fire-drill", minutes(10)],
    ["exam-week", minutes(30)],
    ["spring-festival", minutes(30)],
  ])("%s", async (id, lasts) => {
    expect(player.start(id).ok).toBe(true);
    await pass(lasts + 2_000);
    expect(player.status(id).state).toBe("done");
    expect(verdicts(id).length).toBeGreaterThan(0);
    expect(verdicts(id)).not.toContain(false);
    expect(verdicts(id)).not.toContain(undefined);
  });

  it("empty-room-lights-on is a success only where somebody switches the lamps off", async () => {
    player.start("empty-room-lights-on");
    await pass(minutes(45));
    expect(verdicts("empty-room-lights-on")).toEqual([true, true, false]);
    player.start("empty-room-lights-on");
    await pass(minutes(5));
    switchLight(campus.world, "a1-101", false);
    await pass(minutes(40));
    expect(verdicts("empty-room-lights-on")).toEqual([true, true, true]);
  });
});

describe("ScenarioPlayer", () => {
  it("plays a scenario in another place by its parameters", () => {
    player.start("gas-leak", { room: "bio-c102" });
    expect(campus.world.gas.get("bio-c102")?.leak).toBeDefined();
    expect(campus.world.gas.get("chem-b214")?.leak).toBeUndefined();
  });

  it("puts everything right when stopped early", async () => {
    player.start("dead-meter");
    expect(campus.faults.list()).toHaveLength(1);
    expect(player.stop("dead-meter").ok).toBe(true);
    expect(campus.faults.list()).toEqual([]);
    expect(player.status("dead-meter").state).toBe("stopped");
  });

  it.each([
    ["a scenario nobody wrote", "no-such", {}, /no scenario is called "no-such"/],
    ["a parameter it has not", "gas-leak", { rom: "x" }, /"rom" is no parameter of gas-leak/],
    ["a room that is not there", "gas-leak", { room: "moon" }, /nothing of that name.*moon/],
    ["a value of the wrong kind", "gas-leak", { to: "much" }, /leakGas|Invalid/],
  ])("refuses %s", (_, id, parameters, message) => {
    const started = player.start(id, parameters);
    expect(started.ok ? "" : started.error.join("\n")).toMatch(message);
  });
});

describe("parseScenario", () => {
  it("reports an unknown action with the file", () => {
    const text = `
name: { zh: 测试, en: Test }
what: { zh: 测试, en: Test }
timeline: [{ at: 0s, do: { explode: { room: a1-101 } } }]
lasts: 1m
`;
    const parsed = parseScenario("test", text, "test.yaml");
    expect(parsed.ok ? [] : parsed.error.map(({ file }) => file)).toContain("test.yaml");
  });
});
