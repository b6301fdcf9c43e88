/** What went wrong with a request, as a code and fields that the page puts in the reader's words. */
import type { ErrorCode } from "../../../core/errors.ts";
import type { ProblemDetails } from "../../api/contract.ts";

/** `UNREACHABLE`: no answer at all. `UNREADABLE`: an answer that is not ours, from a proxy perhaps. */
export type ProblemCode = ErrorCode | "UNREACHABLE" | "UNREADABLE";

export interface Problem {
  readonly code: ProblemCode;
  /** The server's own sentence, in English, for details. */
  readonly detail: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Problem };

export const problem = (code: ProblemCode, detail: string): Answer<never> => ({
  ok: false,
  problem: { code, detail, fields: {} },
});

/** Reads an RFC 9457 body; whatever else came is `UNREADABLE` with its status. */
export function problemOf(body: unknown, status: number): Problem {
  if (isProblemDetails(body)) {
    return { code: body.code as ProblemCode, detail: body.detail, fields: body.fields ?? {} };
  }
  return { code: "UNREADABLE", detail: `HTTP ${status}`, fields: { status } };
}

function isProblemDetails(body: unknown): body is ProblemDetails {
  if (typeof body !== "object" || body === null) return false;
  const { code, detail } = body as Partial<ProblemDetails>;
  return typeof code === "string" && typeof detail === "string";
}
