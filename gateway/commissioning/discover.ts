/**
 * Which profile of the library fits a device, pure: which of its points are worth asking for, and how
 * the profiles rank by what came back. A guess for people to check, never a configuration.
 */
import type { ModbusPoint, ModbusProfile } from "../../device-profiles/profile.ts";
import type { SourceValue } from "../sources/source.ts";
import { judge, weightOf } from "./plausible.ts";

/** Points of one profile that are asked for. */
export const POINTS_ASKED_MAX = 12;
export const GUESSES_SHOWN_MAX = 3;
/** A register that says who the device is outweighs any number of plausible values. */
const FINGERPRINT_WEIGHT = 20;
/** Less than this comes out of any registers by chance. */
const SCORE_MIN = 4;
/** What fits less than half as well as the best is noise beside it. */
const SHARE_OF_BEST_MIN = 0.5;

/** What one profile found on one device. */
export interface Evidence {
  readonly profile: ModbusProfile;
  readonly points: readonly ModbusPoint[];
  readonly values: readonly SourceValue[];
  /** Whether the registers that tell this device type from others say so; undefined without such. */
  readonly fingerprint: boolean | undefined;
}

export interface Guess {
  readonly profile: string;
  readonly plausible: number;
  readonly asked: number;
  readonly score: number;
  readonly isFingerprinted: boolean;
}

/** The points that tell most, at most `POINTS_ASKED_MAX`; none that are personal or change by a read. */
export function tellingPoints(profile: ModbusProfile): readonly ModbusPoint[] {
  return profile.points
    .filter(({ writeOnly, handshake, personal, kind }) => {
      return writeOnly !== true && handshake === undefined && !personal && kind !== "event";
    })
    .toSorted((a, b) => weightOf(b) - weightOf(a))
    .slice(0, POINTS_ASKED_MAX);
}

/** Best first; what fits no better than chance is left out. */
export function ranked(evidence: readonly Evidence[]): readonly Guess[] {
  const guesses = evidence
    .map(guessOf)
    .sort((a, b) => b.score - a.score || b.plausible / b.asked - a.plausible / a.asked);
  const least = Math.max(SCORE_MIN, SHARE_OF_BEST_MIN * (guesses[0]?.score ?? 0));
  return guesses.filter((guess) => guess.score >= least);
}

function guessOf({ profile, points, values, fingerprint }: Evidence): Guess {
  let plausible = 0;
  let score = fingerprint === true ? FINGERPRINT_WEIGHT : 0;
  for (const point of points) {
    const verdict = judge(point, lastOf(point, values));
    if (verdict === "plausible") {
      plausible++;
      score += weightOf(point);
    } else if (verdict === "implausible") {
      score -= weightOf(point);
    }
  }
  const isFingerprinted = fingerprint === true;
  return { profile: profile.id, plausible, asked: points.length, score, isFingerprinted };
}

const lastOf = (point: ModbusPoint, values: readonly SourceValue[]): SourceValue | undefined =>
  values.findLast((value) => value.point.endsWith(`/${point.name}`));

export function guessText(guesses: readonly Guess[]): string {
  const shown = guesses.slice(0, GUESSES_SHOWN_MAX).map((guess) => {
    const mark = guess.isFingerprinted ? ", says so itself" : "";
    return `${guess.profile} (${guess.plausible}/${guess.asked}${mark})`;
  });
  return shown.length === 0 ? "no profile fits" : shown.join(", ");
}
