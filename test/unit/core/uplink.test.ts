import { describe, expect, test } from "vitest";
import { gatewayId, siteId } from "../../../core/ids.ts";
import {
  parseAck,
  parseCommandMessage,
  parseCommandReply,
  parseUplinkTopic,
  uplinkTopic,
} from "../../../core/uplink.ts";

describe("topics", () => {
  const address = { site: siteId("demo"), gateway: gatewayId("main") };
  test.each(["birth", "state", "data/hazard", "data/backfill", "ack", "command"] as const)(
    "%s",
    (channel) => {
      const topic = uplinkTopic(address, channel);
      expect(topic).toBe(`lamplighter/1/demo/main/${channel}`);
      expect(parseUplinkTopic(topic)).toEqual({ ok: true, value: { ...address, channel } });
    },
  );
  test.each([
    "",
    "lamplighter/1/demo/main",
    "lamplighter/2/demo/main/birth",
    "lamplighter/1/demo/main/data/fast",
    "lamplighter/1//main/birth",
    "lamplighter/1/demo/MAIN/birth",
    "lamplighter/1/demo/main/birth/x",
  ])("%j is none of ours", (topic) => {
    expect(parseUplinkTopic(topic).ok).toBe(false);
  });
});

describe("small messages", () => {
  test.each([
    [
      "an acknowledgement",
      parseAck,
      '{"epoch":"e","lane":"live","storedThrough":5,"refused":[]}',
      true,
    ],
    ["a wish for the birth", parseAck, '{"ask":"birth"}', true],
    [
      "a negative position",
      parseAck,
      '{"epoch":"e","lane":"live","storedThrough":-1,"refused":[]}',
      false,
    ],
    ["not JSON", parseAck, "nope", false],
    [
      "a command",
      parseCommandMessage,
      '{"id":"c","point":"a/b","value":1,"priority":"schedule","ttlMs":5,"reason":""}',
      true,
    ],
    [
      "a command to no point",
      parseCommandMessage,
      '{"id":"c","point":"ab","value":1,"priority":"schedule","ttlMs":5,"reason":""}',
      false,
    ],
    [
      "a command without end",
      parseCommandMessage,
      '{"id":"c","point":"a/b","value":1,"priority":"schedule","ttlMs":0,"reason":""}',
      false,
    ],
    ["a reply", parseCommandReply, '{"id":"c","state":"verified","timeMs":1,"shown":1}', true],
    [
      "a reply the gateway may not give",
      parseCommandReply,
      '{"id":"c","state":"queued","timeMs":1}',
      false,
    ],
  ] as const)("%s", (_name, parse, text, ok) => {
    expect(parse(text).ok).toBe(ok);
  });
});
