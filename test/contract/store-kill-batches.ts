/** What the killed store is fed: for every number a batch whose samples can be told from all others. */
import { gatewayId, type PointId } from "../../core/ids.ts";
import { type Instant, instant } from "../../core/time.ts";
import type { AppendRequest } from "../../server/store/store.ts";

export const KILL_ZONE = "Asia/Shanghai";
export const KILL_POINTS = Array.from({ length: 10 }, (_, i) => `m${i}/energy_import` as PointId);
const START = Date.UTC(2026, 9, 20);
const LATE_MS = 5 * 86_400_000;

/** Every seventh batch is five days late, so that chunks are written again and months change. */
export const killTime = (number: number): Instant =>
  instant(START + number * 20_000 - (number % 7 === 0 ? LATE_MS : 0));

export const killBatch = (number: number): AppendRequest => ({
  origin: { gateway: gatewayId("gw"), epoch: "e1", lane: "live", number },
  receivedAt: killTime(number),
  refused: 1,
  samples: KILL_POINTS.map((point) => ({
    point,
    time: killTime(number),
    sequence: 0,
    timeSource: "gateway",
    quality: "good",
    value: number,
  })),
});
