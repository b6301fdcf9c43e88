/**
 * The other processes of the demo: each a `lamplighter` command of its own with its log in a file. When
 * one ends by itself the demo says so and starts it again; at the end all are asked, then made to go.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Clock } from "../../core/clock.ts";
import { type Duration, elapsed, type Monotonic, seconds } from "../../core/time.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
/** A small young generation keeps three processes and their threads from holding memory they do not use. */
const NODE_FLAGS = ["--max-semi-space-size=4"];
/** Sources stripped of their types are kept, so that a process starts faster and without the stripper. */
const COMPILED = fileURLToPath(new URL("../../node_modules/.cache/lamplighter", import.meta.url));
const environment = { NODE_COMPILE_CACHE: COMPILED, ...process.env };
/** Of the 5 s that Ctrl-C may take; what is left after this is killed. */
const END_WITHIN = seconds(4);
const RESTART_PAUSE = seconds(1);
/** A process that ends sooner than this after its start is not worth starting again. */
const LIVED = seconds(5);

interface Entry {
  readonly name: string;
  readonly args: readonly string[];
  child: ChildProcess;
  startedAt: Monotonic;
  ended: Promise<number>;
}

export class Processes {
  readonly #clock: Clock;
  readonly #logFolder: string;
  readonly #say: (line: string) => void;
  readonly #entries: Entry[] = [];
  #isEnding = false;

  constructor(clock: Clock, logFolder: string, say: (line: string) => void) {
    this.#clock = clock;
    this.#logFolder = logFolder;
    this.#say = say;
    mkdirSync(logFolder, { recursive: true });
  }

  /** Starts `lamplighter <args>`; `onGivenUp` is called when it cannot live. */
  start(name: string, args: readonly string[], onGivenUp: (why: string) => void): void {
    const entry: Entry = { name, args, ...this.#spawn(name, args) };
    this.#entries.push(entry);
    void this.#watch(entry, onGivenUp);
  }

  async stop(): Promise<void> {
    this.#isEnding = true;
    for (const { child } of this.#entries) child.kill("SIGINT");
    const all = Promise.all(this.#entries.map((e) => e.ended));
    const late = new AbortController();
    await Promise.race([all, this.#clock.sleep(END_WITHIN, late.signal)]);
    late.abort();
    for (const { child, name } of this.#entries) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      this.#say(`${name} did not end by itself and was killed`);
      child.kill("SIGKILL");
    }
    await all;
  }

  #spawn(name: string, args: readonly string[]): Pick<Entry, "child" | "startedAt" | "ended"> {
    const log = openSync(join(this.#logFolder, `${name}.log`), "a", 0o600);
    // A group of its own, so that Ctrl-C reaches the demo alone and the order of ending is ours.
    const child = spawn(process.execPath, [...NODE_FLAGS, MAIN, ...args], {
      env: environment,
      stdio: ["ignore", log, log],
      detached: true,
    });
    closeSync(log);
    const ended = new Promise<number>((resolve) => {
      child.once("exit", (code) => resolve(code ?? -1));
      child.once("error", () => resolve(-1));
    });
    return { child, startedAt: this.#clock.monotonic(), ended };
  }

  async #watch(entry: Entry, onGivenUp: (why: string) => void): Promise<void> {
    for (;;) {
      const code = await entry.ended;
      if (this.#isEnding) return;
      const lived: Duration = elapsed(entry.startedAt, this.#clock.monotonic());
      const log = join(this.#logFolder, `${entry.name}.log`);
      if (lived < LIVED) {
        onGivenUp(`${entry.name} ended at once with code ${code}; see ${log}`);
        return;
      }
      this.#say(`${entry.name} ended with code ${code} and is started again; see ${log}`);
      await this.#clock.sleep(RESTART_PAUSE);
      if (this.#isEnding) return;
      Object.assign(entry, this.#spawn(entry.name, entry.args));
    }
  }
}

/** Runs a short `lamplighter` command to its end and gives what it printed. */
export function runOnce(
  args: readonly string[],
): Promise<{ readonly code: number; readonly out: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: environment,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let out = "";
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (text: string) => {
      out += text;
    });
    child.once("close", (code) => resolve({ code: code ?? -1, out: out.trim() }));
  });
}
