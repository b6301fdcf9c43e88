/** Points out of service: asked for, approved by a second person, ended, listed. */
import { z } from "zod";
import { LamplighterError } from "../../../core/errors.ts";
import { type PointId, parsePointId } from "../../../core/ids.ts";
import { seconds, toIso } from "../../../core/time.ts";
import type { OutOfService, OutOfServiceBook } from "../../alarms/out-of-service.ts";
import {
  type OutOfServiceView,
  outOfServiceBody,
  outOfServiceItem,
  outOfServicePoint,
} from "../contract-service.ts";
import { authorOf, type Routes } from "../http-server.ts";

export const outOfServiceRoutes =
  (book: OutOfServiceBook): Routes =>
  (api) => {
    const answer = { 200: outOfServiceItem };
    api.get(
      "/api/out-of-service",
      { schema: { response: { 200: z.object({ items: z.array(outOfServiceItem) }) } } },
      () => ({ items: book.list().map(view) }),
    );
    api.post(
      "/api/out-of-service",
      { config: { access: "close" }, schema: { body: outOfServiceBody, response: answer } },
      (request) => {
        const { point, forS, reason, measure } = request.body;
        const by = authorOf(request);
        const wish = { point: pointOf(point), by, for: seconds(forS), reason, measure };
        return view(book.request(wish));
      },
    );
    api.post(
      "/api/out-of-service/approve",
      { config: { access: "close" }, schema: { body: outOfServicePoint, response: answer } },
      (request) => view(book.approve(pointOf(request.body.point), authorOf(request))),
    );
    api.post(
      "/api/out-of-service/end",
      {
        config: { access: "close" },
        schema: { body: outOfServicePoint, response: { 200: outOfServicePoint } },
      },
      (request) => {
        book.end(pointOf(request.body.point), authorOf(request));
        return { point: request.body.point };
      },
    );
  };

function pointOf(text: string): PointId {
  const parsed = parsePointId(text);
  if (parsed.ok) return parsed.value;
  throw new LamplighterError("REQUEST_INVALID", `${parsed.error}.`);
}

const view = (entry: OutOfService): OutOfServiceView => ({
  point: entry.point,
  state: entry.state,
  by: entry.by,
  ...(entry.state === "inForce" && entry.approvedBy !== undefined
    ? { approvedBy: entry.approvedBy }
    : {}),
  since: toIso(entry.since),
  until: toIso(entry.until),
  reason: entry.reason,
  measure: entry.measure,
});
