import { expect, it } from "vitest";
import { deviceId } from "../../../../../core/ids.ts";
import { itemsOf, pathOf, pathText } from "../../../../../gateway/sources/opcua/plan.ts";
import { libraryProfile } from "../../../../support/profiles.ts";

const URI = "urn:lamplighter:lighting-controller";
const profile = await libraryProfile("opcua", "lamplighter/lighting-controller");
const device = {
  id: deviceId("a1"),
  profile,
  object: ["http://x.example/di#Devices", `${URI}#a1`],
};
const items = itemsOf([device]);
const item = items[0]!;

it("has an item for every variable", () => {
  expect(items.map(({ point }) => point.name)).toEqual(["light_on", "light_level", "power_active"]);
});

it("numbers namespaces as this server does", () => {
  const namespaces = ["http://opcfoundation.org/UA/", "urn:server", URI, "http://x.example/di"];
  expect(pathOf(item, namespaces)).toEqual({
    ok: true,
    value: [
      { namespace: 3, name: "Devices" },
      { namespace: 2, name: "a1" },
      { namespace: 2, name: "light_on" },
    ],
  });
});

it("names the namespace that a server does not have", () => {
  expect(pathOf(item, ["http://opcfoundation.org/UA/", URI])).toEqual({
    ok: false,
    error: 'the server has no namespace "http://x.example/di"',
  });
  expect(pathText(item)).toBe(`http://x.example/di#Devices / ${URI}#a1 / lighting:light_on`);
});
