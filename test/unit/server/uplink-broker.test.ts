import { describe, expect, test } from "vitest";
import { ownHost } from "../../../server/uplink-broker.ts";

describe("the server reaches its own broker", () => {
  test.each([
    ["127.0.0.1", "127.0.0.1"],
    ["0.0.0.0", "127.0.0.1"],
    ["::", "[::1]"],
    ["fd00::5", "[fd00::5]"],
    ["broker.example", "broker.example"],
  ])("that listens on %s at %s", (host, own) => {
    expect(ownHost(host)).toBe(own);
  });
});
