import { expect, test } from "vitest";
import { profileOf } from "../../support/profiles.ts";

test("browse names with namespaces by alias, write types, words and event fields", async () => {
  const profile = await profileOf(
    "opcua",
    `namespaces: { di: "http://opcfoundation.org/UA/DI/", hood: "urn:hood" }
points:
  face_velocity: { path: "hood:face_velocity", range: [0, 5] }
  fan_on: { path: ["di:ParameterSet", "hood:Fan"], writeType: Boolean, command: {} }
  sensor_state: { path: "hood:state", words: { normal: 1, fault: 5 } }
  card_event:
    eventType: hood:CardEvent
    fields: { card: { path: hood:Card, personal: true } }
`,
  );
  expect(profile.namespaces).toEqual({ di: "http://opcfoundation.org/UA/DI/", hood: "urn:hood" });
  const [velocity, fan, state, card] = profile.points;
  expect(velocity).toMatchObject({ path: ["hood:face_velocity"], range: { min: 0, max: 5 } });
  expect(velocity).toMatchObject({ hazard: "airflow", poll: "hazard", unit: "m/s" });
  expect(fan).toMatchObject({ path: ["di:ParameterSet", "hood:Fan"], writeType: "Boolean" });
  expect(state).toMatchObject({ words: { normal: 1, fault: 5 } });
  expect(card).toMatchObject({
    path: [],
    eventType: "hood:CardEvent",
    fields: { card: { path: ["hood:Card"], personal: true } },
  });
});
