/** What the processes of the crash test and the test itself must agree about. */
import type { PointId } from "../../core/ids.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import type { openEmbeddedStore } from "../../server/store/embedded-store.ts";
import { testCatalogue } from "./uplink-rig.ts";

export const CRASH_CATALOGUE = testCatalogue("gw1", ["power"]);
export const CRASH_POINT = "gw1-meter/power" as PointId;

export const crashStore = (folder: string): Parameters<typeof openEmbeddedStore>[0] => ({
  folder,
  zone: "Asia/Shanghai",
  clock: systemClock,
  log: silentLog,
  onFailure: () => process.exit(9),
});
