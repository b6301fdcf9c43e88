/** Every example of docs/uplink.md is what our own parsers take, so that a stranger can rely on it. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { decodeBatch, encodeBatch } from "../../core/batch.ts";
import { parseCatalogue } from "../../core/catalogue.ts";
import { COMMAND_WHYS, PRIORITIES } from "../../core/command.ts";
import { BAD_REASONS, DOUBTS } from "../../core/sample.ts";
import {
  parseAck,
  parseCommandMessage,
  parseCommandReply,
  parseGatewayState,
} from "../../core/uplink.ts";

const page = readFileSync(new URL("../../docs/uplink.md", import.meta.url), "utf8");
const examples = [...page.matchAll(/```json (\w+)\n([\s\S]*?)```/g)].map(
  ([, kind = "", text = ""], i) => ({ name: `${kind} ${i + 1}`, kind, text }),
);
const of = (kind: string): readonly string[] =>
  examples.filter((e) => e.kind === kind).map((e) => e.text);

const parsers: Readonly<Record<string, (text: string) => { readonly ok: boolean }>> = {
  birth: (text) => parseCatalogue(JSON.parse(text)),
  state: parseGatewayState,
  batch: decodeBatch,
  ack: parseAck,
  command: parseCommandMessage,
  reply: parseCommandReply,
};

it.each(examples)("parses $name", ({ kind, text }) => {
  const result = parsers[kind]?.(text);
  expect(result).toMatchObject({ ok: true });
  // Parsers leave out what they do not know: a misspelt field of an example would vanish.
  if (kind !== "batch" && result !== undefined && "value" in result) {
    expect(result.value).toEqual(JSON.parse(text));
  }
});

it("has an example of everything", () => {
  expect(examples.length).toBe(14);
  for (const kind of Object.keys(parsers)) expect(of(kind).length).toBeGreaterThan(0);
});

it("means by its first batch what the text around it says", () => {
  const batch = decodeBatch(of("batch")[0]!);
  if (!batch.ok) throw new Error(batch.error);
  expect(batch.value.refused).toEqual([]);
  const seen = batch.value.samples.map((s) => [
    s.point,
    new Date(s.time).toISOString(),
    s.quality === "bad" ? s.reason : s.value,
  ]);
  expect(seen).toEqual([
    ["a1-main/energy_import", "2026-11-23T08:00:00.000Z", 41822.5],
    ["a1-main/energy_import", "2026-11-23T08:01:00.000Z", 41823.25],
    ["a1-main/switch_1", "2026-11-23T08:00:01.000Z", 1],
  ]);
});

it("means by its second batch what the text around it says", () => {
  const batch = decodeBatch(of("batch")[1]!);
  if (!batch.ok) throw new Error(batch.error);
  expect(batch.value.samples).toMatchObject([
    { sequence: 0, quality: "good", value: 3.5, timeSource: "gateway" },
    { sequence: 1, quality: "good", value: 3.6 },
    { quality: "bad", reason: "timeout", detail: "no answer in 500 ms" },
    { quality: "uncertain", doubt: "deviceUncertain", value: 2.1, timeSource: "device" },
  ]);
  expect(JSON.parse(encodeBatch(batch.value))).toEqual(JSON.parse(of("batch")[1]!));
});

it("lists every reason, doubt, priority and cause in its order", () => {
  const flat = page.replace(/\s+/g, " ");
  expect(flat).toContain(BAD_REASONS.map((reason, i) => `${i + 1} ${reason}`).join(", "));
  expect(flat).toContain(DOUBTS.map((doubt, i) => `-${i + 1} ${doubt}`).join(", "));
  expect(flat).toContain(PRIORITIES.map((p) => `\`${p}\``).join(", "));
  expect(flat).toContain(COMMAND_WHYS.map((why) => `\`${why}\``).join(", "));
});
