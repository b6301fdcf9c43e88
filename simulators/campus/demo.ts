/**
 * The demo campus, one description for everything: three teaching buildings, a laboratory building, a
 * dormitory, a canteen and the lit paths between them, with about 110 devices on real protocols.
 */
import type { Campus } from "../world/campus.ts";
import { CampusBuilder, label } from "./builder.ts";
import { addLaboratories } from "./laboratories.ts";
import { addCanteen, addDormitory, addOutdoors } from "./living.ts";
import { addTeachingBuilding } from "./teaching.ts";

export function demoCampus(): Campus {
  const builder = new CampusBuilder("demo", label("枣园示范校区", "Jujube Garden demo campus"));
  builder.space({ id: "campus", kind: "site", name: builder.name, areaM2: 86_000 });
  builder.feeder({ id: "site", baseW: 2_400, lossShare: 0.008, energyAtStartKwh: 412_300 });
  builder.line("central");
  builder.electricityMeter({
    id: "site-main",
    name: label("校区总电表", "Campus main meter"),
    feeder: "site",
    space: "campus",
    line: "central",
    profile: "eastron/sdm630",
  });
  addTeachingBuilding(builder, {
    id: "a1",
    number: 1,
    floors: 3,
    wiring: ["relay", "relay", "relay"],
  });
  addTeachingBuilding(builder, { id: "a2", number: 2, floors: 2, wiring: ["relay", "relay"] });
  addTeachingBuilding(builder, { id: "a3", number: 3, floors: 2, wiring: ["relay", "controller"] });
  addLaboratories(builder);
  addDormitory(builder);
  addCanteen(builder);
  addOutdoors(builder);
  return builder.build();
}
