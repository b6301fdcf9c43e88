/**
 * The findings about a line as one text value: a JSON array of sentences in both languages, most
 * urgent first. What does not fit is left out whole, and the last entry says how many those are.
 */
import { z } from "zod";
import type { Label } from "./label.ts";
import { failure, type Outcome, success } from "./outcome.ts";
import { TEXT_VALUE_CHARACTERS_MAX } from "./sample.ts";

/** One sentence; `device` when it is about one device alone. */
export interface Finding extends Label {
  readonly device?: string | undefined;
}

export interface Findings {
  readonly sentences: readonly Finding[];
  /** Sentences that did not fit. */
  readonly left: number;
}

const entry = z.object({
  zh: z.string().min(1),
  en: z.string().min(1),
  device: z.string().optional(),
  left: z.int().positive().optional(),
});
const document = z.array(entry);

/** Room kept for the entry that counts what is left out. */
const LEFT_CHARACTERS_MAX = 100;

export function writeFindings(
  sentences: readonly Finding[],
  charactersMax: number = TEXT_VALUE_CHARACTERS_MAX,
): string {
  const whole = JSON.stringify(sentences);
  if (whole.length <= charactersMax) return whole;
  const written: string[] = [];
  let characters = "[]".length + LEFT_CHARACTERS_MAX;
  for (const sentence of sentences) {
    const text = JSON.stringify(sentence);
    characters += text.length + ",".length;
    if (characters > charactersMax) break;
    written.push(text);
  }
  const left = sentences.length - written.length;
  const last = { zh: `另有 ${left} 条未列出`, en: `${left} more are not listed`, left };
  return `[${[...written, JSON.stringify(last)].join(",")}]`;
}

export function parseFindings(text: string): Outcome<Findings, string> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return failure("findings are no JSON");
  }
  const parsed = document.safeParse(json);
  if (!parsed.success) return failure("findings are no list of {zh, en}");
  const sentences = parsed.data.filter((item) => item.left === undefined);
  return success({
    sentences: sentences.map(({ zh, en, device }) => ({
      zh,
      en,
      ...(device === undefined ? {} : { device }),
    })),
    left: parsed.data.reduce((sum, item) => sum + (item.left ?? 0), 0),
  });
}
