/**
 * Real bus traffic as a file, one exchange per line: what was asked of a unit and what it answered, so
 * that a device can be served back without being there. Pure: lines in, lines out.
 */
import { z } from "zod";
import { failure, type Outcome, success } from "../../core/outcome.ts";

/** About a day of a bus at ten requests a second. */
export const EXCHANGES_MAX = 1_000_000;

const hex = z.string().regex(/^([0-9a-f]{2})+$/, "must be lower-case hex bytes");
const exchangeSchema = z.strictObject({
  /** Milliseconds since the recording began. */
  at: z.number().min(0),
  unit: z.int().min(0).max(255),
  /** Function code and data, without the frame around. */
  ask: hex,
  answer: hex,
});
export type Exchange = z.infer<typeof exchangeSchema>;

export const formatExchange = (exchange: Exchange): string => `${JSON.stringify(exchange)}\n`;

/** A recording cut off in its last line (the recorder was killed) is good up to there. */
export function parseRecording(text: string): Outcome<readonly Exchange[], string> {
  const lines = text.split("\n");
  const exchanges: Exchange[] = [];
  for (const [i, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const parsed = exchangeSchema.safeParse(jsonOf(line));
    if (parsed.success) exchanges.push(parsed.data);
    else if (i < lines.length - 1) {
      const why = parsed.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`);
      return failure(`line ${i + 1} is no exchange: ${why.join("; ")}`);
    }
    if (exchanges.length > EXCHANGES_MAX) return failure(`more than ${EXCHANGES_MAX} exchanges`);
  }
  return exchanges.length === 0 ? failure("no exchange in it") : success(exchanges);
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Gives the recorded answers to equal questions back in their order; the last one stays. */
export class Playback {
  readonly #answers = new Map<string, Buffer[]>();

  constructor(exchanges: readonly Exchange[]) {
    for (const { unit, ask, answer } of exchanges) {
      const key = `${unit} ${ask}`;
      this.#answers.set(key, [...(this.#answers.get(key) ?? []), Buffer.from(answer, "hex")]);
    }
  }

  answerTo(unit: number, pdu: Buffer): Buffer | undefined {
    const answers = this.#answers.get(`${unit} ${pdu.toString("hex")}`);
    return answers !== undefined && answers.length > 1 ? answers.shift() : answers?.[0];
  }
}
