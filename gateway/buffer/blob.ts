/**
 * How a batch lies in the buffer: its wire form without the header, so that a new epoch renumbers
 * everything without rewriting a byte, and the uplink only puts two strings together.
 */
import { BATCH_VERSION, type BatchHeader, encodeBatch } from "../../core/batch.ts";
import type { PointId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";

const HEADER: BatchHeader = { epoch: "-", lane: "live", number: 1 };
const BODY_START = encodeBatch({ ...HEADER, samples: [] }).indexOf(',"points"');

export const encodeBody = (samples: readonly Sample[]): string =>
  encodeBatch({ ...HEADER, samples }).slice(BODY_START);

export const EMPTY_BODY = encodeBody([]);

export const payloadOf = (header: BatchHeader, body: string): string =>
  `{"version":${BATCH_VERSION},"epoch":${JSON.stringify(header.epoch)},"lane":"${header.lane}",` +
  `"number":${header.number}${body}`;

/** Samples per point of a stored body, for the account of what is dropped. */
export function countBody(body: string): ReadonlyMap<PointId, number> {
  // Our own writing, read back from our own file.
  const columns = JSON.parse(`{"number":0${body}`) as { points: PointId[]; point: number[] };
  const counts = new Map<PointId, number>();
  for (const index of columns.point) {
    const point = columns.points[index];
    if (point !== undefined) counts.set(point, (counts.get(point) ?? 0) + 1);
  }
  return counts;
}
