import { describe, expect, it } from "vitest";
import type { Problem } from "../../../../../server/dashboard/api/problem.ts";
import { ms } from "../../../../../server/dashboard/format/instant.ts";
import {
  agePhrase,
  detailPhrase,
  nonePhrase,
  problemPhrase,
  reasonPhrase,
} from "../../../../../server/dashboard/texts/phrases.ts";
import { wordsIn } from "../../../../../server/dashboard/texts/words.ts";

const zh = wordsIn("zh");
const en = wordsIn("en");

it("says ages and absences in words", () => {
  expect(agePhrase(ms(14 * 60_000), zh)).toBe("14 分钟前");
  const shown = { kind: "none", age: ms(14 * 60_000), reason: "timeout" } as const;
  expect(nonePhrase(shown, zh)).toBe("无数据 14 分钟");
  expect(nonePhrase(shown, en)).toBe("no data for 14 min");
  expect(nonePhrase({ kind: "none", reason: undefined }, en)).toBe("never had data");
  expect(reasonPhrase({ ...shown, detail: "exception 2" }, en)).toBe(
    "no answer from the device (exception 2)",
  );
});

it("says the codes of an alarm's history in words, and leaves figures alone", () => {
  expect(detailPhrase("HTTP 503 · 2× · willRetry", zh)).toBe("HTTP 503 · 2× · 将重试");
  expect(detailPhrase("silent", en)).toBe("no data");
  expect(detailPhrase("timeout", zh)).toBe("设备未应答");
  expect(detailPhrase("constructor", en)).toBe("constructor");
});

describe("a problem", () => {
  const problem = (changes: Partial<Problem>): Problem => ({
    code: "INTERNAL",
    detail: "server words",
    fields: {},
    ...changes,
  });

  it("is said in the reader's language", () => {
    expect(problemPhrase(problem({ code: "NOT_PERMITTED" }), zh)).toBe("您的角色没有此权限。");
  });

  it("of a refused command says why", () => {
    const refused = problem({ code: "COMMAND_REFUSED", fields: { why: "heldHigher" } });
    expect(problemPhrase(refused, en)).toContain("A higher priority holds it");
  });

  it("of a conflict says what is so now", () => {
    const conflict = problem({ code: "CONFLICT", fields: { state: "unacknowledged" } });
    expect(problemPhrase(conflict, zh)).toContain("现在：未确认");
  });

  it("that this page does not know yet keeps the server's words", () => {
    const unknown = { ...problem({}), code: "FROM_THE_FUTURE" } as unknown as Problem;
    expect(problemPhrase(unknown, en)).toContain("server words");
  });
});
