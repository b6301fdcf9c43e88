/** Signing in and out. A link is shown by GET and used by POST, so that a mail scanner spends nothing. */
import { z } from "zod";
import { LamplighterError } from "../../../core/errors.ts";
import { toIso } from "../../../core/time.ts";
import { type Identity, SESSION_LENGTH } from "../auth/accounts.ts";
import {
  linkPurpose,
  type SessionView,
  session,
  setPassword,
  signIn,
  signInByLink,
} from "../contract.ts";
import { type Api, type Reply, SESSION_COOKIE, SIGN_INS_PER_MINUTE_MAX } from "../http-server.ts";
import type { ApiParts } from "../parts.ts";

const guarded = {
  access: "open",
  rateLimit: { max: SIGN_INS_PER_MINUTE_MAX, timeWindow: 60_000 },
} as const;

export function sessionRoutes(api: Api, { accounts }: ApiParts): void {
  const open = (reply: Reply, made: { secret: string; identity: Identity }): SessionView => {
    reply.setCookie(SESSION_COOKIE, made.secret, {
      path: "/",
      httpOnly: true,
      sameSite: "strict",
      maxAge: SESSION_LENGTH / 1_000,
    });
    return view(made.identity);
  };
  const answer = { 200: session };

  api.get("/api/session", { schema: { response: answer } }, (request) => {
    if (request.identity === undefined)
      throw new LamplighterError("NOT_SIGNED_IN", "Sign in first.");
    return view(request.identity);
  });
  api.post(
    "/api/session",
    { config: guarded, schema: { body: signIn, response: answer } },
    async (request, reply) =>
      open(reply, await accounts.signIn(request.body.name, request.body.password)),
  );
  api.get(
    "/api/session/link",
    {
      config: guarded,
      schema: {
        querystring: z.object({ link: z.string().max(256) }),
        response: { 200: linkPurpose },
      },
    },
    (request) => {
      const purpose = accounts.linkPurpose(request.query.link);
      if (purpose !== undefined) return purpose;
      throw new LamplighterError(
        "NOT_FOUND",
        "This link was used already, has expired or was never made. Ask for a new one.",
      );
    },
  );
  api.post(
    "/api/session/link",
    { config: guarded, schema: { body: signInByLink, response: answer } },
    (request, reply) => open(reply, accounts.signInByLink(request.body.link)),
  );
  api.post(
    "/api/session/password",
    { config: guarded, schema: { body: setPassword, response: answer } },
    async (request, reply) =>
      open(reply, await accounts.setPassword(request.body.link, request.body.password)),
  );
  api.delete(
    "/api/session",
    { schema: { response: { 204: z.null() } } },
    async (request, reply) => {
      const cookie = request.cookies[SESSION_COOKIE];
      if (cookie !== undefined) accounts.endSession(cookie);
      reply.clearCookie(SESSION_COOKIE, { path: "/" }).code(204);
      return null;
    },
  );
}

const view = (identity: Identity): SessionView => ({
  user: identity.user,
  role: identity.role,
  expires: toIso(identity.expires),
});
