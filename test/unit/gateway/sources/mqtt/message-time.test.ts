import { describe, expect, it } from "vitest";
import { instant } from "../../../../../core/time.ts";
import type { MqttProfile } from "../../../../../device-profiles/profile.ts";
import { messageTime } from "../../../../../gateway/sources/mqtt/message-time.ts";
import { Payload } from "../../../../../gateway/sources/mqtt/payload.ts";
import { profileOf } from "../../../../support/profiles.ts";

const ARRIVAL = Date.UTC(2026, 10, 23, 8, 0, 0);
const base = await profileOf("mqtt", "silentAfter: 1h\npoints: { temperature: { topic: t } }\n");

const timeOf = (time: NonNullable<MqttProfile["time"]>, json: string) =>
  messageTime({ ...base, time }, new Payload(Buffer.from(json)), {
    arrival: instant(ARRIVAL),
    zone: "Asia/Shanghai",
  });

describe("the time of a message", () => {
  it.each([
    ["iso", undefined, '{"t":"2026-11-23T07:59:58.5Z"}', ARRIVAL - 1_500],
    ["iso", undefined, '{"t":"2026-11-23T15:59:58+08:00"}', ARRIVAL - 2_000],
    ["iso", "site", '{"t":"2026-11-23T15:59:58"}', ARRIVAL - 2_000],
    ["seconds", undefined, `{"t":${ARRIVAL / 1_000 - 3}}`, ARRIVAL - 3_000],
    ["seconds", undefined, `{"t":"${ARRIVAL / 1_000 - 3}"}`, ARRIVAL - 3_000],
    ["seconds", "site", `{"t":${ARRIVAL / 1_000 - 3 + 8 * 3_600}}`, ARRIVAL - 3_000],
    ["milliseconds", undefined, `{"t":${ARRIVAL + 59_000}}`, ARRIVAL + 59_000],
  ] as const)("%s %s %s is the device's", (format, zone, json, expected) => {
    const time = { path: ["t"], format, ...(zone && { zone }) };
    expect(timeOf(time, json)).toEqual({ time: expected, timeSource: "device" });
  });

  it.each([
    ["iso", '{"t":"2026-11-23T08:00:00"}'],
    ["iso", '{"t":"yesterday"}'],
    ["iso", '{"t":{}}'],
    ["seconds", '{"t":-1}'],
    ["seconds", '{"t":12}'],
    ["seconds", '{"t":1e300}'],
    ["milliseconds", `{"t":${ARRIVAL + 61_000}}`],
  ] as const)("%s %s cannot be, so the arrival counts and that is said", (format, json) => {
    expect(timeOf({ path: ["t"], format }, json)).toEqual({
      time: ARRIVAL,
      timeSource: "gateway",
      doubt: "clockCorrected",
    });
  });

  it.each(["{}", '{"t":null}', "not JSON"])("of %s is the arrival, without doubt", (json) => {
    expect(timeOf({ path: ["t"], format: "iso" }, json)).toEqual({
      time: ARRIVAL,
      timeSource: "gateway",
    });
  });
});
