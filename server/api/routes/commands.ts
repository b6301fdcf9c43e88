/** Commands: the wish is answered with 202 at once, its life is followed by id or on the live stream. */
import { z } from "zod";
import { LamplighterError } from "../../../core/errors.ts";
import { spaceId } from "../../../core/ids.ts";
import { seconds } from "../../../core/time.ts";
import { command, commandAccepted, commandBody, commandsQuery } from "../contract.ts";
import { type Api, authorOf } from "../http-server.ts";
import type { ApiParts } from "../parts.ts";

const LIST_DEFAULT = 100;
const IDEMPOTENCY_KEY_CHARACTERS_MAX = 128;

export function commandRoutes(api: Api, { commands }: ApiParts): void {
  api.post(
    "/api/commands",
    {
      config: { access: "command" },
      schema: { body: commandBody, response: { 202: commandAccepted } },
    },
    async (request, reply) => {
      const { point, value, reason, leaseS } = request.body;
      const key = idempotencyKey(request.headers["idempotency-key"]);
      const { id } = commands.submit({
        point,
        value: Number(value),
        reason,
        by: authorOf(request),
        ...(leaseS === undefined ? {} : { lease: seconds(leaseS) }),
        ...(key === undefined ? {} : { idempotencyKey: key }),
      });
      reply.code(202).header("location", `/api/commands/${id}`);
      return { id };
    },
  );
  api.get(
    "/api/commands/:id",
    { schema: { params: z.object({ id: z.string().max(64) }), response: { 200: command } } },
    ({ params }) => {
      const found = commands.get(params.id);
      if (found !== undefined) return found;
      throw new LamplighterError("NOT_FOUND", `There is no command "${params.id}".`);
    },
  );
  api.get(
    "/api/commands",
    {
      schema: {
        querystring: commandsQuery,
        response: { 200: z.object({ items: z.array(command) }) },
      },
    },
    ({ query }) => ({
      items: [
        ...commands.list({
          limit: query.limit ?? LIST_DEFAULT,
          ...(query.point === undefined ? {} : { point: query.point }),
          ...(query.space === undefined ? {} : { space: spaceId(query.space) }),
        }),
      ],
    }),
  );
}

function idempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === "string" && header.length <= IDEMPOTENCY_KEY_CHARACTERS_MAX) return header;
  throw new LamplighterError(
    "REQUEST_INVALID",
    `Idempotency-Key must be one text of at most ${IDEMPOTENCY_KEY_CHARACTERS_MAX} characters.`,
  );
}
