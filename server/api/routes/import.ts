/**
 * History from outside, in the wire form of batches (docs/uplink.md): stored like what a gateway sends
 * late, so it raises nothing as if it happened now. Numbered per import, so an interrupted import goes on
 * where `storedThrough` says and stores nothing twice.
 */
import { z } from "zod";
import { BATCH_BYTES_MAX, decodeBatch } from "../../../core/batch.ts";
import { LamplighterError } from "../../../core/errors.ts";
import { gatewayId } from "../../../core/ids.ts";
import { type Api, authorOf } from "../http-server.ts";
import type { ApiParts } from "../parts.ts";

/** Imports appear in the log as a gateway of this name; no real one may take it. */
export const IMPORT_GATEWAY = gatewayId("import");

export function importRoutes(api: Api, { appender, plant, clock, journal }: ApiParts): void {
  api.post(
    "/api/import/samples",
    {
      bodyLimit: BATCH_BYTES_MAX,
      config: { access: "administer" },
      schema: {
        description: "One batch of lane backfill; epoch names the import, number counts from 1.",
        body: z.record(z.string(), z.unknown()),
        response: {
          200: z.object({
            outcome: z.enum(["stored", "replay", "gap"]),
            storedThrough: z.number(),
            refused: z.number(),
          }),
        },
      },
    },
    async (request) => {
      const decoded = decodeBatch(JSON.stringify(request.body));
      if (!decoded.ok)
        throw new LamplighterError("BATCH_INVALID", `The batch is ${decoded.error}.`);
      const { epoch, number, lane, samples, refused } = decoded.value;
      if (lane !== "backfill") {
        throw new LamplighterError("BATCH_INVALID", `History comes by lane backfill, not ${lane}.`);
      }
      const known = samples.filter((s) => plant.point(s.point) !== undefined);
      const dropped = samples.length - known.length + refused.length;
      const outcome = await appender.append({
        origin: { gateway: IMPORT_GATEWAY, epoch, lane, number },
        receivedAt: clock.now(),
        samples: known,
        refused: dropped,
      });
      if (number === 1 && outcome.kind === "stored") {
        journal.write(authorOf(request), "import.begin", { import: epoch });
      }
      const storedThrough = outcome.kind === "stored" ? number : outcome.storedThrough;
      return { outcome: outcome.kind, storedThrough, refused: dropped };
    },
  );
}
