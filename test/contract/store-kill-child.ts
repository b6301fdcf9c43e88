/**
 * Appends numbered batches to an embedded store, sealing all the time, and prints each number once it is
 * acknowledged, until it is killed. `node store-kill-child.ts <folder> <first number>`
 */
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { openEmbeddedStore } from "../../server/store/embedded-store.ts";
import { KILL_ZONE, killBatch } from "./store-kill-batches.ts";

const [folder = "", first = "1"] = process.argv.slice(2);
const store = await openEmbeddedStore({
  folder,
  zone: KILL_ZONE,
  clock: systemClock,
  log: silentLog,
  sealSamplesMin: 400,
});

const IN_FLIGHT = 4;
const running: Promise<void>[] = [];
for (let number = Number(first); ; number++) {
  const stored = store.append(killBatch(number)).then((outcome) => {
    if (outcome.kind !== "stored") throw new Error(`batch ${number}: ${outcome.kind}`);
    process.stdout.write(`${number}\n`);
  });
  running.push(stored);
  if (running.length >= IN_FLIGHT) await running.shift();
}
