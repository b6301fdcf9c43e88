import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCommand } from "../../../platform/command-line.ts";
import type { LineReportView } from "../../../server/api/contract-doctor.ts";
import { doctorCommand } from "../../../server/doctor-command.ts";

const LINE: LineReportView = {
  gateway: "main",
  line: "bus",
  device: "line-bus",
  name: { zh: "总线 bus", en: "Line bus" },
  space: "a1",
  state: "online",
  figures: [
    {
      point: "line-bus/duty_cycle",
      name: { zh: "线路占用率", en: "Time in use" },
      symbol: "%",
      time: "2026-11-23T08:00:00.000Z",
      ageS: 4,
      stale: false,
      value: 12.5,
    },
  ],
  findings: {
    time: "2026-11-23T08:00:00.000Z",
    ageS: 9,
    sentences: [{ zh: "从站 7 无应答", en: "unit 7 is\u001b[2J silent", device: "m7" }],
    left: 2,
  },
};

let folder: string;
let server: Server;
let address: string;
let answer: { status: number; body: string };
let asked: { path: string | undefined; authorization: string | undefined };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "lamplighter-"));
  writeFileSync(join(folder, "token"), "secret\n");
  answer = { status: 200, body: JSON.stringify({ items: [LINE] }) };
  server = createServer((request, response) => {
    asked = { path: request.url, authorization: request.headers.authorization };
    response.statusCode = answer.status;
    response.end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  address = `http://127.0.0.1:${typeof bound === "object" ? bound?.port : ""}`;
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

async function doctor(...more: readonly string[]) {
  const out: string[] = [];
  const args = ["--address", address, "--token-file", join(folder, "token"), ...more];
  const say = (line: string) => out.push(line);
  const { signal } = new AbortController();
  const code = await runCommand(doctorCommand, { args, print: say, complain: say, signal });
  return { code, text: out.join("\n") };
}

describe("lamplighter doctor", () => {
  test("prints each line's figures and sentences, harmless to the terminal", async () => {
    const { code, text } = await doctor();
    expect(code).toBe(0);
    expect(asked).toEqual({ path: "/api/doctor", authorization: "Bearer secret" });
    expect(text.split("\n")).toEqual([
      "main · Line bus · online",
      "  Time in use: 12.5 % (4 s ago)",
      "  findings (9 s ago)",
      "  - unit 7 is [2J silent",
      "  - 2 more are not listed",
    ]);
  });

  test("speaks Chinese when asked to", async () => {
    const { text } = await doctor("--language", "zh");
    expect(text).toContain("总线 bus · 在线");
    expect(text).toContain("  线路占用率：12.5 % (4 秒前)");
    expect(text).toContain("  - 从站 7 无应答");
  });

  test("fails when a line is offline, and when there is none says why", async () => {
    answer.body = JSON.stringify({ items: [{ ...LINE, state: "offline" }] });
    expect((await doctor()).code).toBe(1);
    answer.body = JSON.stringify({ items: [] });
    const none = await doctor();
    expect(none.code).toBe(0);
    expect(none.text).toContain("No gateway tells of a line");
  });

  test.each([
    ["a token that is not accepted", { status: 401, body: "{}" }, "does not accept the token"],
    ["a server that fails", { status: 500, body: "{}" }, "HTTP 500"],
    ["an answer of something else", { status: 200, body: "<html>" }, "No answer from"],
    ["an answer of another form", { status: 200, body: '{"items":[{}]}' }, "No answer from"],
  ])("says what is wrong with %s", async (_name, wrong, words) => {
    answer = wrong;
    const { code, text } = await doctor();
    expect(code).toBe(1);
    expect(text).toContain(words);
    expect(text).not.toContain("secret");
  });

  test.each([
    ["--language", "fr"],
    ["--address", "campus"],
    ["--token-file", "/nowhere/token"],
  ])("%s %s is wrong usage", async (...option) => {
    expect((await doctor(...option)).code).toBe(2);
  });
});
