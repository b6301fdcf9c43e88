/** Plays scenarios against the world: does what is due, checks what must be seen, puts right at the end. */
import type { Clock } from "../../core/clock.ts";
import type { Label } from "../../core/label.ts";
import { failure, type Outcome, success } from "../../core/outcome.ts";
import { elapsed, type Monotonic } from "../../core/time.ts";
import type { Log } from "../../platform/log.ts";
import type { Scene } from "../devices/simulated-device.ts";
import type { FaultBoard } from "../faults/fault-board.ts";
import { perform } from "./action.ts";
import { type Parameter, resolveScenario, type Scenario, type ScenarioFile } from "./scenario.ts";
import { isSeen } from "./sight.ts";

/** A finished scenario's verdict is kept until it is played again. */
export type PlayState = "idle" | "running" | "done" | "stopped";

export interface Verdict {
  readonly text: Label;
  /** Absent while its time has not come. */
  readonly seen?: boolean;
}

interface Play {
  readonly scenario: Scenario;
  readonly started: Monotonic;
  done: number;
  checked: boolean[];
  state: PlayState;
}

export interface ScenarioStatus {
  readonly id: string;
  readonly state: PlayState;
  readonly elapsedMs: number;
  readonly verdicts: readonly Verdict[];
}

export class ScenarioPlayer {
  readonly files: ReadonlyMap<string, ScenarioFile>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #scene: Scene;
  readonly #faults: FaultBoard;
  readonly #plays = new Map<string, Play>();

  constructor(
    clock: Clock,
    log: Log,
    files: ReadonlyMap<string, ScenarioFile>,
    stage: { readonly scene: Scene; readonly faults: FaultBoard },
  ) {
    this.files = files;
    this.#clock = clock;
    this.#log = log;
    this.#scene = stage.scene;
    this.#faults = stage.faults;
  }

  /** Starts it, from the beginning when it is under way already. */
  start(
    id: string,
    parameters: Readonly<Record<string, Parameter>> = {},
  ): Outcome<Scenario, readonly string[]> {
    const file = this.files.get(id);
    if (file === undefined) {
      return failure([`no scenario is called "${id}": ${[...this.files.keys()].join(", ")}`]);
    }
    const resolved = resolveScenario(file, parameters);
    if (!resolved.ok) return resolved;
    if (this.#plays.get(id)?.state === "running") this.stop(id);
    const play: Play = {
      scenario: resolved.value,
      started: this.#clock.monotonic(),
      done: 0,
      checked: [],
      state: "running",
    };
    this.#plays.set(id, play);
    this.#log.info("scenario started", { scenario: id, parameters });
    const problems = this.#advance(play);
    if (problems.length === 0) return resolved;
    this.#end(play, "stopped");
    return failure(problems);
  }

  stop(id: string): Outcome<string, readonly string[]> {
    const play = this.#plays.get(id);
    if (play?.state !== "running") return failure([`scenario "${id}" is not under way`]);
    this.#end(play, "stopped");
    return success(id);
  }

  /** Called with every step of the world. */
  tick(): void {
    for (const play of this.#plays.values()) {
      if (play.state !== "running") continue;
      for (const problem of this.#advance(play)) {
        this.#log.warn("scenario step failed", { scenario: play.scenario.id, problem });
      }
      if (this.#age(play) >= play.scenario.lasts) this.#end(play, "done");
    }
  }

  status(id: string): ScenarioStatus {
    const play = this.#plays.get(id);
    if (play === undefined) return { id, state: "idle", elapsedMs: 0, verdicts: [] };
    const verdicts = play.scenario.seen.map(({ text }, i) => {
      const seen = play.checked[i];
      return seen === undefined ? { text } : { text, seen };
    });
    return { id, state: play.state, elapsedMs: this.#age(play), verdicts };
  }

  #age(play: Play): number {
    return elapsed(play.started, this.#clock.monotonic());
  }

  #advance(play: Play): readonly string[] {
    const age = this.#age(play);
    const problems: string[] = [];
    const { timeline, seen } = play.scenario;
    for (let next = timeline[play.done]; next && next.at <= age; next = timeline[play.done]) {
      play.done++;
      const problem = perform(this.#scene.world, this.#faults, next.do);
      if (problem !== undefined) problems.push(problem);
      this.#scene.version++;
    }
    seen.forEach(({ at, that }, i) => {
      if (at > age || play.checked[i] !== undefined) return;
      play.checked[i] = isSeen(this.#scene.world, this.#faults, that);
    });
    return problems;
  }

  #end(play: Play, state: "done" | "stopped"): void {
    play.state = state;
    for (const action of play.scenario.afterwards) {
      perform(this.#scene.world, this.#faults, action);
    }
    this.#scene.version++;
    const verdicts = this.status(play.scenario.id).verdicts.map(({ seen }) => seen);
    this.#log.info("scenario ended", { scenario: play.scenario.id, state, verdicts });
  }
}
