/** Alarms: the list, one case with its history, acknowledging and closing. */
import { z } from "zod";
import { LamplighterError } from "../../../core/errors.ts";
import { spaceId } from "../../../core/ids.ts";
import { seconds } from "../../../core/time.ts";
import { acknowledgeBody, alarm, alarmsQuery, closeBody, shelveBody } from "../contract.ts";
import { type Api, authorOf } from "../http-server.ts";
import type { ApiParts } from "../parts.ts";

const LIST_DEFAULT = 200;
const byId = z.object({ id: z.string().min(1).max(160) });

export function alarmRoutes(api: Api, { alarms }: ApiParts): void {
  api.get(
    "/api/alarms",
    {
      schema: {
        querystring: alarmsQuery,
        response: { 200: z.object({ items: z.array(alarm), next: z.string().optional() }) },
      },
    },
    ({ query }) => {
      const limit = query.limit ?? LIST_DEFAULT;
      const items = alarms.list({
        limit,
        ...(query.state === undefined ? {} : { state: query.state }),
        ...(query.space === undefined ? {} : { space: spaceId(query.space) }),
        ...(query.before === undefined ? {} : { before: query.before }),
      });
      const last = items.at(-1);
      return { items: [...items], ...(items.length === limit && last ? { next: last.id } : {}) };
    },
  );
  api.get(
    "/api/alarms/:id",
    { schema: { params: byId, response: { 200: alarm } } },
    ({ params }) => {
      const found = alarms.get(params.id);
      if (found !== undefined) return found;
      throw new LamplighterError("NOT_FOUND", `There is no alarm "${params.id}".`);
    },
  );
  api.post(
    "/api/alarms/:id/acknowledge",
    {
      config: { access: "acknowledge" },
      schema: { params: byId, body: acknowledgeBody.nullish(), response: { 200: alarm } },
    },
    (request) =>
      alarms.acknowledge(request.params.id, authorOf(request), request.body?.comment || undefined),
  );
  api.post(
    "/api/alarms/:id/close",
    {
      config: { access: "close" },
      schema: { params: byId, body: closeBody, response: { 200: alarm } },
    },
    (request) => alarms.close(request.params.id, authorOf(request), request.body.reason),
  );
  api.post(
    "/api/alarms/:id/shelve",
    {
      config: { access: "acknowledge" },
      schema: { params: byId, body: shelveBody, response: { 200: alarm } },
    },
    (request) => {
      const { forS, reason } = request.body;
      return alarms.shelve(request.params.id, authorOf(request), { for: seconds(forS), reason });
    },
  );
  api.post(
    "/api/alarms/:id/unshelve",
    {
      config: { access: "acknowledge" },
      schema: { params: byId, response: { 200: alarm } },
    },
    (request) => alarms.unshelve(request.params.id, authorOf(request)),
  );
}
