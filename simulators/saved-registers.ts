/**
 * Meters do not forget: the registers of a running world are written every few seconds, ahead by what will
 * flow until the next time, so that after a crash no counter stands lower than anybody has seen it.
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import { type Instant, instant } from "../core/time.ts";
import { advanceRegisters, baselineOf, integrate, type Registers } from "./world/baseline.ts";
import type { Plan } from "./world/plan.ts";
import type { World } from "./world/state.ts";

/** Twice the pause between two saves: a save may come late. */
const AHEAD_HOURS = 20 / 3_600;
const FORMAT = 1;

const numbers = z.array(z.number());
const schema = z.object({
  format: z.literal(FORMAT),
  campus: z.string(),
  seed: z.number(),
  time: z.number(),
  energyKwh: numbers,
  reactiveKvarh: numbers,
  waterM3: numbers,
  heatKwh: numbers,
});

export async function saveRegisters(file: string, world: World): Promise<void> {
  const { registers, plan, seed, now } = world;
  const ahead: Registers = {
    energyKwh: registers.energyKwh.slice(),
    reactiveKvarh: registers.reactiveKvarh.slice(),
    waterM3: registers.waterM3.slice(),
    heatKwh: registers.heatKwh.slice(),
  };
  integrate(ahead, { ...world, feeders: world.flows }, AHEAD_HOURS);
  const saved = {
    format: FORMAT,
    campus: plan.campus.id,
    seed,
    time: now,
    energyKwh: [...ahead.energyKwh],
    reactiveKvarh: [...ahead.reactiveKvarh],
    waterM3: [...ahead.waterM3],
    heatKwh: [...ahead.heatKwh],
  };
  await writeFile(`${file}.new`, JSON.stringify(saved));
  await rename(`${file}.new`, file);
}

/** Registers for a world that starts at `now`; undefined when nothing fitting was saved. */
export async function loadRegisters(
  file: string,
  plan: Plan,
  seed: number,
  now: Instant,
): Promise<Registers | undefined> {
  const parsed = schema.safeParse(await json(file));
  if (!parsed.success) return undefined;
  const saved = parsed.data;
  const { campus } = plan;
  const fits =
    saved.campus === campus.id &&
    saved.seed === seed &&
    saved.energyKwh.length === campus.feeders.length &&
    saved.waterM3.length === campus.water.length &&
    saved.heatKwh.length === campus.heat.length;
  if (!fits) return undefined;
  const registers: Registers = {
    energyKwh: Float64Array.from(saved.energyKwh),
    reactiveKvarh: Float64Array.from(saved.reactiveKvarh),
    waterM3: Float64Array.from(saved.waterM3),
    heatKwh: Float64Array.from(saved.heatKwh),
  };
  // The campus went on while nobody simulated it.
  const since = instant(saved.time + AHEAD_HOURS * 3_600_000);
  advanceRegisters(baselineOf(plan, seed), registers, since, now);
  return registers;
}

async function json(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch {
    // No file yet, or one cut off by a crash: the expected registers serve as well.
    return undefined;
  }
}
