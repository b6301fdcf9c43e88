import { describe, expect, it } from "vitest";
import {
  filterCovers,
  isTopic,
  isTopicFilter,
  topicMatches,
} from "../../../platform/mqtt-topic.ts";

describe("topics and filters", () => {
  // MQTT 3.1.1 §4.7.1 and §4.7.2, its own examples first.
  it.each([
    ["sport/tennis/player1/#", "sport/tennis/player1", true],
    ["sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true],
    ["sport/#", "sport", true],
    ["#", "a/b", true],
    ["sport/tennis/+", "sport/tennis/player1", true],
    ["sport/tennis/+", "sport/tennis/player1/ranking", false],
    ["sport/+", "sport", false],
    ["sport/+", "sport/", true],
    ["+/+", "/finance", true],
    ["/+", "/finance", true],
    ["+", "/finance", false],
    ["#", "$SYS/uptime", false],
    ["+/monitor/Clients", "$SYS/monitor/Clients", false],
    ["$SYS/#", "$SYS/uptime", true],
    ["a/b", "A/b", false],
  ])("%s reaches %s: %s", (filter, topic, expected) => {
    expect(topicMatches(filter, topic)).toBe(expected);
  });

  it.each([
    ["#", "a/+/b", true],
    ["#", "#", true],
    ["#", "$SYS/#", false],
    ["door/#", "door/+/state", true],
    ["door/#", "door", true],
    ["door/#", "+/1/state", false],
    ["door/#", "#", false],
    ["door/+/set", "door/1/set", true],
    ["door/+/set", "door/+/set", true],
    ["door/+/set", "door/#", false],
    ["door/+/set", "door/+/+", false],
    ["door/1/set", "door/+/set", false],
    ["door/+", "door/1/state", false],
    ["door/+/#", "door", false],
  ])("permission %s covers %s: %s", (permission, filter, expected) => {
    expect(filterCovers(permission, filter)).toBe(expected);
  });

  it("knows what can be published to", () => {
    expect(["a/b", "/", "房间/门"].every(isTopic)).toBe(true);
    expect(["", "a/+", "#", "a\0b", "x".repeat(65_536)].some(isTopic)).toBe(false);
  });

  it("knows what can be asked for", () => {
    expect(["#", "+", "a/+/b", "a/#", "/"].every(isTopicFilter)).toBe(true);
    expect(["", "a#", "#/a", "a+/b", "a/b#"].some(isTopicFilter)).toBe(false);
  });
});
