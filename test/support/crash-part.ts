/**
 * One end of the uplink as a process that a test kills: `gateway` offers 1, 2, 3 … from a number on and
 * prints what it is about to offer and what is durable; without a number it only sends what it still
 * has, and says when that is nothing. `server` stores in the embedded store.
 *
 *   node crash-part.ts gateway <broker url> <folder> [<first>]
 *   node crash-part.ts server <broker url> <folder>
 */
import { writeSync } from "node:fs";
import { join } from "node:path";
import { LANES } from "../../core/batch.ts";
import { instant, milliseconds } from "../../core/time.ts";
import { systemClock } from "../../platform/clock.ts";
import { openEmbeddedStore } from "../../server/store/embedded-store.ts";
import { CRASH_CATALOGUE, CRASH_POINT, crashStore } from "./crash-plan.ts";
import { type RigBroker, UplinkRig } from "./uplink-rig.ts";

const [role, url = "", folder = "", first] = process.argv.slice(2);
const broker: RigBroker = { access: { url }, start: async () => {}, stop: async () => {} };
const rig = new UplinkRig(broker, folder);
/** Written before the next line runs, so that a kill cannot swallow it. */
const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};

if (role === "server") {
  const store = await openEmbeddedStore(crashStore(join(folder, "series")));
  await rig.startServer(store, "records");
  say("ready");
} else {
  const instance = Math.random().toString(36).slice(2);
  const gateway = rig.startGateway(CRASH_CATALOGUE, instance, "gateway");
  say("ready");
  while (first === undefined) {
    const waiting = LANES.map((lane) => gateway.buffer.lane(lane));
    if (waiting.every((lane) => lane.last === lane.storedThrough)) say("empty");
    await systemClock.sleep(milliseconds(50));
  }
  for (let value = Number(first); ; ) {
    say(`offering ${value + 49}`);
    const last = value + 49;
    for (; value <= last; value++) {
      const time = instant(systemClock.now());
      const base = { point: CRASH_POINT, time, timeSource: "gateway", quality: "good" } as const;
      gateway.pipeline.offer({ ...base, value });
    }
    void gateway.committer.durable().then(() => say(`durable ${last}`));
    await systemClock.sleep(milliseconds(7));
  }
}
