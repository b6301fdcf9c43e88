import { describe, expect, it } from "vitest";
import { simulateCommand } from "../../../simulators/command-line.ts";

const never = new AbortController().signal;

async function ran(...args: readonly string[]): Promise<{ code: number; out: string }> {
  const lines: string[] = [];
  const code = await simulateCommand(args, (line) => lines.push(line), never);
  return { code, out: lines.join("\n") };
}

describe("lamplighter simulate", () => {
  it("explains itself", async () => {
    const { code, out } = await ran("--help");
    expect(code).toBe(0);
    expect(out).toContain("simulate trigger <scenario>");
  });

  it("has no such word: exit 2", async () => {
    expect(await ran("explode")).toMatchObject({ code: 2 });
  });

  it.each([
    ["a port that is none", ["--modbus", "70000"], /"70000" is not a port/],
    ["a time that is none", ["--time-of-day", "25:00"], /not a time of day/],
    ["a seed that is none", ["--seed", "abc"], /whole number/],
    ["an option it does not know", ["--sped", "1"], /sped/],
    ["a trigger without a scenario", ["trigger"], /name one scenario/],
    ["a parameter without a value", ["trigger", "gas-leak", "--set", "room"], /not name=value/],
    ["a recording of nothing", ["record", "x.jsonl"], /--to HOST:PORT/],
  ])("refuses %s", async (_, args, message) => {
    await expect(ran(...args)).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringMatching(message),
    });
  });

  it("says that no campus is running, and how to start one: exit 1", async () => {
    const { code, out } = await ran("trigger", "gas-leak", "--control", "http://127.0.0.1:1");
    expect(code).toBe(1);
    expect(out).toMatch(/http:\/\/127.0.0.1:1 does not answer.*lamplighter simulate/s);
  });
});
