import { expect, test } from "vitest";
import { profileOf } from "../../support/profiles.ts";

test("a path is written with dots, with a number for a list, or as a list of keys", async () => {
  const profile = await profileOf(
    "mqtt",
    `silentAfter: 1m
points:
  power_active: { topic: tele, path: ENERGY.Power }
  voltage_l1: { topic: tele, path: ENERGY.Voltage.0 }
  model: { topic: boot, path: [Wifi SSID] }
  temperature: { topic: plain }
`,
  );
  expect(profile.points.map((p) => p.path)).toEqual([
    ["ENERGY", "Power"],
    ["ENERGY", "Voltage", 0],
    ["Wifi SSID"],
    undefined,
  ]);
});

test("notifications repeat the path below where they carry the component (Shelly)", async () => {
  const profile = await profileOf(
    "mqtt",
    `silentAfter: 1m
each: { topic: "status/em:0", partial: true, also: [{ topic: events/rpc, under: [params, "em:0"] }] }
points:
  voltage_l1: { path: a_voltage }
`,
  );
  expect(profile.points[0]).toMatchObject({
    topic: "status/em:0",
    path: ["a_voltage"],
    partial: true,
    also: [{ topic: "events/rpc", path: ["params", "em:0", "a_voltage"] }],
  });
});

test("several messages and devices on one topic, local time, personal fields (esp-rfid)", async () => {
  const profile = await profileOf(
    "mqtt",
    `silentAfter: 10m
topics: whole
serialAt: hostname
time: { path: time, format: seconds, zone: site }
availability: { topic: "tele/{base}/LWT", online: Online, offline: Offline }
points:
  access_event:
    topic: "{base}/send"
    when: [{ path: type, values: [access] }]
    ignore: [""]
    fields:
      what: { path: access }
      card: { path: uid, personal: true }
`,
  );
  expect(profile).toMatchObject({
    topics: "whole",
    serialAt: ["hostname"],
    time: { path: ["time"], format: "seconds", zone: "site" },
    silentAfter: 600_000,
  });
  expect(profile.points[0]).toMatchObject({
    kind: "event",
    momentary: true,
    when: [{ path: ["type"], values: ["access"] }],
    ignore: [""],
    fields: { card: { path: ["uid"], personal: true }, what: { personal: false } },
  });
});

test("words stand for numbers, also turned round; a command is a payload with the value in it", async () => {
  const profile = await profileOf(
    "mqtt",
    `silentAfter: 1h
points:
  door_open: { topic: "", path: contact, words: { "true": 0, "false": 1 } }
  light_on:
    topic: ""
    path: state
    words: { "ON": 1, "OFF": 0 }
    write: { topic: set, payload: '{"state":"{value}"}' }
    command: { settle: 2s }
`,
  );
  expect(profile.points[0]).toMatchObject({ words: { true: 0, false: 1 } });
  expect(profile.points[1]).toMatchObject({
    write: { topic: "set", payload: '{"state":"{value}"}' },
    command: { values: [0, 1], settle: 2_000 },
  });
});
