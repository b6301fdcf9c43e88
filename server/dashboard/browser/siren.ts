/**
 * The sound of an emergency, made in the browser. Browsers keep a page silent until somebody has touched
 * it; `state` says so, that the page can ask for the touch instead of failing quietly.
 */
import { type Signal, signal } from "@preact/signals";
import type { Clock } from "../../../core/clock.ts";
import { SECOND } from "../format/instant.ts";

const HIGH_HZ = 960;
const LOW_HZ = 720;
const TONE_S = 0.4;
const LOUDNESS = 0.25;

export class Siren {
  readonly #clock: Clock;
  #context: AudioContext | undefined;
  #cancel: (() => void) | undefined;

  /** `locked` until the first touch; `unavailable` where the browser has no sound at all. */
  readonly state: Signal<"locked" | "ready" | "unavailable"> = signal("locked");
  readonly sounding = signal(false);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Called from a touch or a key: the only moment at which a browser lets a page begin to sound. */
  async unlock(): Promise<void> {
    try {
      this.#context ??= new AudioContext();
      await this.#context.resume();
      this.state.value = this.#context.state === "running" ? "ready" : "locked";
    } catch {
      this.state.value = "unavailable";
    }
  }

  start(): void {
    if (this.sounding.value) return;
    this.sounding.value = true;
    this.#repeat();
  }

  stop(): void {
    this.sounding.value = false;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Once, for an alarm that does not take the page. */
  chime(): void {
    this.#tone(LOW_HZ, 0);
  }

  #repeat(): void {
    this.#tone(HIGH_HZ, 0);
    this.#tone(LOW_HZ, TONE_S);
    this.#cancel = this.#clock.after(SECOND, () => this.#repeat());
  }

  #tone(hertz: number, delayS: number): void {
    const context = this.#context;
    if (context?.state !== "running") return;
    const begin = context.currentTime + delayS;
    const tone = context.createOscillator();
    const level = context.createGain();
    tone.type = "triangle";
    tone.frequency.value = hertz;
    level.gain.setValueAtTime(0, begin);
    level.gain.linearRampToValueAtTime(LOUDNESS, begin + 0.02);
    level.gain.setValueAtTime(LOUDNESS, begin + TONE_S - 0.05);
    level.gain.linearRampToValueAtTime(0, begin + TONE_S);
    tone.connect(level).connect(context.destination);
    tone.start(begin);
    tone.stop(begin + TONE_S);
  }
}
