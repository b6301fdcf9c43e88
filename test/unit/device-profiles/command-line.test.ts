import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { profilesCommand } from "../../../device-profiles/command-line.ts";
import { LIBRARY_FOLDER } from "../../../device-profiles/library.ts";

async function run(...args: string[]): Promise<{ code: number; text: string }> {
  const lines: string[] = [];
  const code = await profilesCommand(args, (line) => lines.push(line));
  return { code, text: lines.join("\n") };
}

const CASES = join(import.meta.dirname, "cases");

describe("lamplighter profiles", () => {
  test("without a command is wrong usage, --help is not", async () => {
    expect((await run()).code).toBe(2);
    const help = await run("--help");
    expect(help.code).toBe(0);
    for (const command of ["list", "show", "check", "guess"]) expect(help.text).toContain(command);
    expect((await run("guess", "--help")).code).toBe(0);
  });

  test("an unknown command or option says so", async () => {
    expect(await run("lst")).toMatchObject({
      code: 2,
      text: expect.stringContaining('did you mean "list"?'),
    });
    expect(await run("list", "--nonsense")).toMatchObject({
      code: 2,
      text: expect.stringContaining("--nonsense"),
    });
  });

  test("list has every profile and how many are confirmed", async () => {
    const { code, text } = await run("list");
    expect(code).toBe(0);
    expect(text).toMatch(/eastron\/sdm630 .*modbus .*67 {2}confirmed/);
    expect(text).toMatch(/\d+ profiles, \d+ of them confirmed/);
  });

  test("show marks what is not confirmed where it is read", async () => {
    const { code, text } = await run("show", "schneider/iem3155");
    expect(code).toBe(0);
    expect(text).toContain("NOT CONFIRMED: no vectors from outside agree yet");
    expect(text).toContain("NOT CONFIRMED: look at the device");
    expect(text).toContain("sources disagree:");
    expect(text).toMatch(/energy_import .*counter .*kWh .*holding 3203 \(0C83h\) int64 ×0.001/);
  });

  test("show of an unknown profile fails and says the nearest", async () => {
    expect(await run("show", "eastron/sdm360")).toEqual({
      code: 1,
      text: 'no profile "eastron/sdm360" (did you mean "eastron/sdm630"?)',
    });
    expect((await run("show")).code).toBe(2);
  });

  test("check is silent about right files and exact about wrong ones", async () => {
    const right = join(LIBRARY_FOLDER, "abb", "b23.yaml");
    const vectors = join(LIBRARY_FOLDER, "abb", "b23.vectors.yaml");
    expect(await run("check", right, vectors)).toEqual({ code: 0, text: "2 files, no problems" });
    const wrong = join(CASES, "unknown-point-name", "profile.yaml");
    const { code, text } = await run("check", wrong);
    expect(code).toBe(1);
    expect(text).toContain(`${wrong}:8: points.volage_l1:`);
    expect(text).toContain("2 problems");
    expect((await run("check", join(CASES, "no-such-file.yaml"))).code).toBe(1);
  });

  test("check without files checks the library", async () => {
    expect(await run("check")).toMatchObject({
      code: 0,
      text: expect.stringMatching(/^\d+ profiles, no problems$/),
    });
  });

  test("guess prints lines a profile can be written from", async () => {
    const { code, text } = await run("guess", "4366", "3334");
    expect(code).toBe(0);
    expect(text.split("\n")[0]).toMatch(/^ {2}1 +230\.2\d* +voltage +at \+0 +\{ type: float32 \}$/);
    expect((await run("guess", "0x08D1", "--as", "voltage")).text).toContain("scale: 0.1");
    expect((await run("guess", "2257", "--decimal", "--near", "225.7")).text).toContain("225.7");
  });

  test.each([
    { args: ["guess"], says: "needs registers" },
    { args: ["guess", "zz"], says: '"zz" is not a register' },
    { args: ["guess", "70000", "--decimal"], says: '"70000" is not a register' },
    { args: ["guess", "4366", "--as", "volatge"], says: 'did you mean "voltage"?' },
    { args: ["guess", "4366", "--near", "much"], says: "is not a number" },
    { args: ["guess", "4366 3334", "--later", "4366"], says: "the first read has 2" },
  ])("$args is wrong usage", async ({ args, says }) => {
    const { code, text } = await run(...args);
    expect(code).toBe(2);
    expect(text).toContain(says);
  });

  test("guess of nothing plausible fails and says what else may help", async () => {
    expect(await run("guess", "0000", "0000", "--as", "voltage")).toMatchObject({
      code: 1,
      text: expect.stringContaining("nothing plausible"),
    });
  });
});
