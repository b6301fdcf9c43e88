/**
 * Promise 1, with the real processes: gateway and server are killed without a word while the campus runs.
 * Afterwards every sample that the gateway ever committed to its disk is in the store, once, unchanged.
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeBatch, LANES, type Lane } from "../../core/batch.ts";
import type { PointId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import { instant, seconds } from "../../core/time.ts";
import { payloadOf } from "../../gateway/buffer/blob.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { Database } from "../../platform/sqlite.ts";
import { openEmbeddedStore } from "../../server/store/embedded-store.ts";
import type { LaneState } from "../../server/store/store.ts";
import { CampusProcesses, type Part } from "../support/campus-processes.ts";
import { eventually } from "../support/eventually.ts";

const LANE_SPAN = 2 ** 46;
const KILLS: readonly Part[] = ["gateway", "server", "gateway", "server", "server", "gateway"];

let campus: CampusProcesses;
beforeAll(async () => {
  campus = await CampusProcesses.start();
}, 60_000);
afterAll(() => campus?.stop());

interface Committed {
  readonly value: string;
  readonly lane: Lane;
  /** As the server counts them in this epoch. */
  readonly number: number;
}

/** Every sample the gateway has on its disk, acknowledged or not, by its identity. */
function committed(): { epoch: string; samples: Map<string, Committed> } {
  const db = Database.open({ file: join(campus.folder, "gateway/buffer.sqlite"), readOnly: true });
  const samples = new Map<string, Committed>();
  try {
    const epoch = String(db.prepare("SELECT epoch FROM buffer").get()?.epoch);
    const bases = db.prepare("SELECT base FROM lane ORDER BY lane").all();
    for (const row of db.prepare("SELECT id, body FROM batch").iterate()) {
      const index = Math.floor(Number(row.id) / LANE_SPAN);
      const lane = LANES[index] ?? "live";
      const number = (Number(row.id) % LANE_SPAN) - Number(bases[index]?.base ?? 0);
      const decoded = decodeBatch(
        payloadOf({ epoch, lane, number: Math.max(1, number) }, String(row.body)),
      );
      if (!decoded.ok) throw new Error(decoded.error);
      for (const sample of decoded.value.samples) {
        samples.set(identity(sample), { value: content(sample), lane, number });
      }
    }
    return { epoch, samples };
  } finally {
    db.close();
  }
}

const identity = (s: Sample): string => `${s.point} ${s.time} ${s.sequence}`;
const content = (s: Sample): string => JSON.stringify(s.quality === "bad" ? s.reason : s.value);

/** Batches not yet acknowledged; the newest cursor of each lane is written with the commit after it. */
async function batchesBehind(): Promise<number> {
  const db = Database.open({ file: join(campus.folder, "gateway/buffer.sqlite"), readOnly: true });
  try {
    return Number(db.prepare("SELECT max(last - stored) AS n FROM lane").get()?.n ?? 0);
  } finally {
    db.close();
  }
}

interface Stored {
  readonly samples: Map<string, string>;
  readonly doubled: readonly string[];
  readonly lanes: readonly LaneState[];
}

async function stored(points: Iterable<PointId>): Promise<Stored> {
  const store = await openEmbeddedStore({
    folder: join(campus.folder, "server/series"),
    zone: "Asia/Shanghai",
    clock: systemClock,
    log: silentLog,
  });
  const samples = new Map<string, string>();
  const doubled: string[] = [];
  try {
    for (const point of points) {
      const range = { point, from: instant(0), to: instant(Date.now() + 3_600_000) };
      for (let after: string | undefined, isLast = false; !isLast; ) {
        const page = await store.raw(range, after === undefined ? {} : { after });
        for (const sample of page.samples) {
          if (samples.has(identity(sample))) doubled.push(identity(sample));
          samples.set(identity(sample), content(sample));
        }
        after = page.next;
        isLast = after === undefined;
      }
    }
    return { samples, doubled, lanes: await store.lanes() };
  } finally {
    await store.close();
  }
}

describe("killing the processes while the campus runs", () => {
  test(`${KILLS.length} kills lose nothing and double nothing`, async () => {
    await eventually(
      "the first samples",
      async () => (await campus.get("api/latest")).items.length > 500,
      seconds(60),
    );
    for (const part of KILLS) {
      await new Promise((resolve) => setTimeout(resolve, 1_500 + Math.random() * 2_000));
      await campus.kill(part);
      campus.spawn(part);
      await campus.serverAnswers();
    }
    await eventually(
      "the gateway is back",
      async () => (await campus.get("api/gateways")).items[0]?.state === "online",
      seconds(60),
    );
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    // The gateway ends first and by itself, so that the server can take all that waits.
    await campus.kill("simulators");
    await eventually("drained", async () => (await batchesBehind()) <= 1, seconds(60));
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await campus.kill("gateway", "SIGINT");
    await campus.kill("server", "SIGINT");

    const { epoch, samples: sent } = committed();
    expect(sent.size).toBeGreaterThan(5_000);
    const points = new Set([...sent.keys()].map((key) => key.split(" ")[0] as PointId));
    const { samples, doubled, lanes } = await stored(points);
    const through = (lane: Lane): number =>
      lanes.find((l) => l.gateway === "main" && l.epoch === epoch && l.lane === lane)
        ?.storedThrough ?? 0;
    // What was committed while the gateway ended waits on its disk for the next start; it is not lost.
    const isWaiting = ({ lane, number }: Committed): boolean => number > through(lane);
    const waiting = [...sent.values()].filter(isWaiting).length;
    const lost = [...sent].filter(([key, s]) => !isWaiting(s) && samples.get(key) !== s.value);
    expect({ lost: lost.slice(0, 20), doubled: doubled.slice(0, 20) }).toEqual({
      lost: [],
      doubled: [],
    });
    expect(waiting).toBeLessThan(sent.size / 10);
    expect([...samples.keys()].filter((key) => !sent.has(key))).toEqual([]);
  }, 240_000);
});
