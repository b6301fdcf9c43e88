import { afterEach, beforeEach, expect, test } from "vitest";
import { instant, seconds } from "../../../../../core/time.ts";
import { ApiRig, meterPoint } from "../../../../support/api-rig.ts";
import { eventually } from "../../../../support/eventually.ts";

let rig: ApiRig;
let address: string;
beforeEach(async () => {
  rig = await ApiRig.start();
  address = await rig.api.listen({ host: "127.0.0.1", port: 0 });
});
afterEach(() => rig.close());

async function open(token: string): Promise<{ text: () => string; isEnded: () => boolean }> {
  const response = await fetch(`${address}/api/live`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  let text = "";
  let isEnded = false;
  void (async () => {
    try {
      for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? [])
        text += part;
    } catch {
      // The server went away, which some tests want.
    }
    isEnded = true;
  })();
  return { text: () => text, isEnded: () => isEnded };
}

const token = (): string => {
  rig.accounts.putUser("v", "viewer", "test");
  return rig.accounts.makeToken("v", "t", "test");
};

test("a page hears samples with an id to resume from", async () => {
  const stream = await open(token());
  await eventually("the page listens", () => rig.listeners.size > 0);
  const sample = {
    point: meterPoint.point,
    time: instant(rig.clock.now()),
    sequence: 0,
    timeSource: "gateway",
    quality: "good",
    value: 5,
  } as const;
  for (const listener of rig.listeners) listener([sample], false);
  await rig.clock.advance(seconds(1));
  await eventually("the sample", () => stream.text().includes('"value":5'));
  expect(stream.text()).toMatch(/^retry: 1000\n\nid: \w+-1\nevent: samples\ndata: /);
});

test("what comes late is not shown as live", async () => {
  const stream = await open(token());
  await eventually("the page listens", () => rig.listeners.size > 0);
  const sample = {
    point: meterPoint.point,
    time: instant(rig.clock.now()),
    sequence: 0,
    timeSource: "gateway",
    quality: "good",
    value: 5,
  } as const;
  for (const listener of rig.listeners) listener([sample], true);
  await rig.clock.advance(seconds(16));
  await eventually("a sign of life", () => stream.text().includes("still here"));
  expect(stream.text()).not.toContain("samples");
});

test("the stream of somebody who may not look any more ends", async () => {
  const stream = await open(token());
  await rig.clock.advance(seconds(15));
  await eventually("a sign of life", () => stream.text().includes("still here"));
  rig.accounts.removeUser("v", "test");
  await rig.clock.advance(seconds(15));
  await eventually("the end", () => stream.isEnded());
});
