import { describe, expect, it } from "vitest";
import { instant } from "../../../../core/time.ts";
import type { MqttProfile } from "../../../../device-profiles/profile.ts";
import {
  commandedValue,
  eventMessage,
  stateMessages,
} from "../../../../simulators/mqtt/payload.ts";
import { forceDoor } from "../../../../simulators/world/act.ts";
import { simulated } from "../../../support/simulated.ts";

const AT = instant(Date.UTC(2026, 10, 23, 8));

describe("what the page of the reference devices promises", () => {
  it("a laboratory sensor", async () => {
    const campus = await simulated();
    const device = campus.device("chem-b214-gas-1");
    const [message] = stateMessages(device, device.profile as MqttProfile, AT);
    expect(message?.topic).toBe("state");
    expect(JSON.parse(message!.payload)).toEqual({
      time: "2026-11-23T08:00:00.000Z",
      gas_lel: expect.any(Number),
      temperature: expect.any(Number),
      humidity: expect.any(Number),
      sensor_state: "normal",
    });
  });

  it("a door panel's state and events", async () => {
    const campus = await simulated();
    forceDoor(campus.world, "chem-store-door");
    campus.scene.version++;
    const device = campus.device("chem-store-door");
    const profile = device.profile as MqttProfile;
    const [state] = stateMessages(device, profile, AT);
    expect(JSON.parse(state!.payload)).toMatchObject({ door_open: true, tamper: false });
    const forced = eventMessage(profile, campus.world.events.at(-1)!, AT);
    expect(forced?.topic).toBe("event");
    // No card where none was shown.
    expect(JSON.parse(forced!.payload)).toEqual({
      time: "2026-11-23T08:00:00.000Z",
      what: "forced",
    });
  });

  it("not-a-number is JSON null", async () => {
    const campus = await simulated();
    campus.faults.set("device:chem-b214-gas-1", { kind: "notANumber", point: "gas_lel" });
    const device = campus.device("chem-b214-gas-1");
    const [message] = stateMessages(device, device.profile as MqttProfile, AT);
    expect(JSON.parse(message!.payload).gas_lel).toBeNull();
  });
});

describe("commandedValue", () => {
  const point = (payload: string, words?: Record<string, number>) =>
    ({
      scale: 1,
      offset: 0,
      write: { topic: "set", payload },
      ...(words ? { words } : {}),
    }) as never;

  it.each([
    ["the value alone", point("{value}"), "42", 42],
    ["inside a document", point('{"state": "{value}"}', { ON: 1, OFF: 0 }), '{"state": "ON"}', 1],
    ["a word it does not know", point("{value}", { ON: 1 }), "MAYBE", undefined],
    ["another document", point('{"state": "{value}"}', { ON: 1 }), '{"level": "ON"}', undefined],
  ])("%s", (_, of, payload, expected) => {
    expect(commandedValue(of, payload)).toBe(expected);
  });
});
