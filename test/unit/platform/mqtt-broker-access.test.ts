import { describe, expect, it } from "vitest";
import {
  type BrokerUser,
  mayPublish,
  maySubscribe,
  signIn,
} from "../../../platform/mqtt-broker-access.ts";

const door: BrokerUser = { password: "secret", publish: ["door/1/#"], subscribe: ["door/1/set"] };
const users = new Map([["door", door]]);
const given = (username: string | undefined, password: string | undefined) =>
  signIn(users, { username, password: password === undefined ? undefined : Buffer.from(password) });

describe("signing in", () => {
  it.each([
    ["door", "secret", true],
    ["door", "Secret", false],
    ["door", "", false],
    ["door", undefined, false],
    ["window", "secret", false],
    ["window", "", false],
    [undefined, undefined, false],
    ["__proto__", "", false],
  ])("as %s with %s: %s", async (username, password, isRight) => {
    expect((await given(username, password)) === door).toBe(isRight);
  });

  it("asks a check of one's own, also one that takes time", async () => {
    const hashed = { ...door, password: async (p: Uint8Array) => Buffer.from(p).equals(SECRET) };
    const lookUp = (name: string) => (name === "door" ? hashed : undefined);
    expect(await signIn(lookUp, { username: "door", password: SECRET })).toBe(hashed);
    expect(await signIn(lookUp, { username: "door", password: Buffer.from("x") })).toBeUndefined();
  });
});

const SECRET = Buffer.from("secret");

describe("permissions", () => {
  it("reach below the user's own topics", () => {
    expect(mayPublish(door, "door/1/state")).toBe(true);
    expect(mayPublish(door, "door/2/state")).toBe(false);
    expect(mayPublish({ ...door, publish: ["#"] }, "$SYS/x")).toBe(false);
    expect(maySubscribe(door, "door/1/set")).toBe(true);
    expect(maySubscribe(door, "door/1/#")).toBe(false);
  });
});
