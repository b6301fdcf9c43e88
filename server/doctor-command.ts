/** `lamplighter doctor`: asks a running server how its lines do, and prints what it says. */
import { readFileSync } from "node:fs";
import type { Clock } from "../core/clock.ts";
import { LamplighterError, wordsOf } from "../core/errors.ts";
import { LANGUAGES, type Language } from "../core/label.ts";
import { seconds } from "../core/time.ts";
import { systemClock } from "../platform/clock.ts";
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  EXIT_FAILED,
  parseOptions,
} from "../platform/command-line.ts";
import { doctorAnswer, type LineReportView } from "./api/contract-doctor.ts";
import { linesInWords } from "./doctor-words.ts";

/** A server that has not answered by then is not well. */
const ANSWER_WITHIN = seconds(10);
/** Thousands of lines fit; more is no answer of ours. */
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;

export const doctorCommand: Command = {
  name: "doctor",
  summary: "how every line does, in figures and sentences",
  usage: [
    "usage: lamplighter doctor [--address <url>] [--token-file <path>] [--language zh|en]",
    "",
    "  --address     of the server; http://127.0.0.1:8080/ when left out",
    "  --token-file  an API token; data/demo/token, which the demo writes, when left out",
    "  --language    zh or en; en when left out",
    "",
    "The exit code is 1 when a line is offline.",
  ].join("\n"),
  run: async (context) => {
    const { values } = parseOptions(context.args, {
      address: { type: "string", default: "http://127.0.0.1:8080/" },
      "token-file": { type: "string", default: "data/demo/token" },
      language: { type: "string", default: "en" },
    });
    const language = languageOf(values.language);
    const url = urlOf(values.address);
    const token = readToken(values["token-file"]);
    const lines = await ask(context, systemClock, { url, token });
    for (const line of linesInWords(lines, language)) context.print(line);
    return lines.some((line) => line.state === "offline") ? EXIT_FAILED : EXIT_DONE;
  },
};

function languageOf(text: string): Language {
  const language = LANGUAGES.find((known) => known === text);
  if (language !== undefined) return language;
  throw new LamplighterError("USAGE", `--language is none of ${LANGUAGES.join(", ")}`);
}

function urlOf(address: string): URL {
  const base = address.endsWith("/") ? address : `${address}/`;
  if (/^https?:\/\//.test(base) && URL.canParse(base)) return new URL("api/doctor", base);
  throw new LamplighterError("USAGE", `--address "${address}" is not like http://127.0.0.1:8080/`);
}

function readToken(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new LamplighterError(
      "USAGE",
      `cannot read the token in ${file}: ${wordsOf(error)}; make one with lamplighter user token <name> --file <path>`,
      { cause: error },
    );
  }
}

interface Question {
  readonly url: URL;
  readonly token: string;
}

async function ask(
  { signal }: CommandContext,
  clock: Clock,
  { url, token }: Question,
): Promise<readonly LineReportView[]> {
  const timeout = new AbortController();
  const cancel = clock.after(ANSWER_WITHIN, () => timeout.abort());
  try {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${token}` },
      redirect: "error",
      signal: AbortSignal.any([signal, timeout.signal]),
    });
    return answerOf(url, response.status, await textOf(response));
  } catch (error) {
    if (error instanceof LamplighterError) throw error;
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const why = timeout.signal.aborted ? `no answer within ${ANSWER_WITHIN} ms` : wordsOf(cause);
    throw new LamplighterError(
      "CONNECTION_FAILED",
      `No answer from ${url.origin}: ${why}. Is the server running there? --address names another.`,
      { cause: error },
    );
  } finally {
    cancel();
  }
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`more than ${ANSWER_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function answerOf(url: URL, status: number, text: string): readonly LineReportView[] {
  if (status === 401 || status === 403) {
    throw new LamplighterError(
      "NOT_SIGNED_IN",
      `${url.origin} does not accept the token (HTTP ${status}): --token-file names another, lamplighter user token makes one.`,
    );
  }
  if (status !== 200) throw new Error(`${url.pathname} answered HTTP ${status}`);
  return doctorAnswer.parse(JSON.parse(text)).items;
}
