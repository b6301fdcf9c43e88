/**
 * The words of `profiles guess` as a question, and its answer as lines a profile can be written
 * from.
 */
import { nearest } from "../core/document.ts";
import { failure, type Outcome, success } from "../core/outcome.ts";
import {
  GUESS_QUANTITIES,
  GUESS_WORDS_MAX,
  type Guess,
  type GuessQuantity,
  type GuessQuestion,
  guess,
} from "./guess.ts";
import { withoutUndefined } from "./standard-points.ts";

export interface Question {
  readonly words: readonly string[];
  readonly decimal: boolean;
  readonly as?: string | undefined;
  readonly near?: string | undefined;
  readonly later?: string | undefined;
}

export function parseWords(question: Question): Outcome<GuessQuestion, string> {
  const words = registers(question.words, question.decimal);
  if (!words.ok) return words;
  if (words.value.length === 0) return failure("needs registers, as in 4366 3334");
  const later =
    question.later === undefined ? undefined : registers([question.later], question.decimal);
  if (later?.ok === false) return later;
  if (later !== undefined && later.value.length !== words.value.length) {
    const counts = `${later.value.length} registers, the first read has ${words.value.length}`;
    return failure(`--later has ${counts}`);
  }
  const near = question.near === undefined ? undefined : Number(question.near);
  if (near !== undefined && !Number.isFinite(near)) {
    return failure(`--near "${question.near}" is not a number`);
  }
  const quantity = quantityOf(question.as);
  if (!quantity.ok) return quantity;
  const optional = { later: later?.value, near, quantity: quantity.value };
  return success({ words: words.value, ...withoutUndefined(optional) });
}

function registers(texts: readonly string[], decimal: boolean): Outcome<readonly number[], string> {
  const parts = texts.flatMap((text) => text.split(/[\s,]+/)).filter((text) => text !== "");
  if (parts.length > GUESS_WORDS_MAX) {
    return failure(`${parts.length} registers, allowed are ${GUESS_WORDS_MAX}`);
  }
  const words: number[] = [];
  for (const part of parts) {
    const digits = decimal ? /^\d{1,5}$/ : /^(0x)?[0-9a-f]{1,4}$/i;
    const value = digits.test(part) ? Number.parseInt(part, decimal ? 10 : 16) : Number.NaN;
    if (!(value <= 0xffff)) {
      const form = decimal ? "0 to 65535" : "hexadecimal, 0000 to FFFF (--decimal for decimal)";
      return failure(`"${part}" is not a register (${form})`);
    }
    words.push(value);
  }
  return success(words);
}

function quantityOf(text: string | undefined): Outcome<GuessQuantity | undefined, string> {
  if (text === undefined) return success(undefined);
  const known = GUESS_QUANTITIES.find((quantity) => quantity === text);
  if (known !== undefined) return success(known);
  const near = nearest(text, GUESS_QUANTITIES);
  const hint = near === undefined ? GUESS_QUANTITIES.join(", ") : `did you mean "${near}"?`;
  return failure(`--as "${text}" is not known (${hint})`);
}

/** `  1  230.2  voltage  at +0  float32, words big, bytes big, scale 1` */
export function guessLines(question: GuessQuestion): readonly string[] {
  return guess(question).map((found, index) => {
    const rank = String(index + 1).padStart(3);
    const value = shown(found.value).padStart(14);
    const quantity = (found.quantity ?? "").padEnd(12);
    return `${rank} ${value}  ${quantity} at +${found.start}  ${lineOf(found)}`;
  });
}

const shown = (value: number): string => String(Number(value.toPrecision(9)));

/** As the profile's line says it. */
function lineOf({ type, order, scale }: Guess): string {
  const parts = [`type: ${type}`];
  if (order.words === "little") parts.push("words: little");
  if (order.bytes === "little") parts.push("bytes: little");
  if (scale !== 1) parts.push(`scale: ${scale}`);
  return `{ ${parts.join(", ")} }`;
}
