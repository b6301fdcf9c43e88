/**
 * The HTTP process edge: fastify with its plugins, the only file that imports them. Every request passes
 * the same gate (who are you, may you, is this your own page asking), every error leaves as RFC 9457
 * problem details. What the routes do is in `routes/`.
 */

import { existsSync } from "node:fs";
import fastifyCookie from "@fastify/cookie";
import fastifyHelmet from "@fastify/helmet";
import fastifyRateLimit from "@fastify/rate-limit";
import fastifyStatic from "@fastify/static";
import fastifySwagger from "@fastify/swagger";
import fastifySwaggerUi from "@fastify/swagger-ui";
import fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from "fastify";
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import { type ErrorCode, httpStatusOf, LamplighterError, wordsOf } from "../../core/errors.ts";
import type { Log } from "../../platform/log.ts";
import type { Accounts, Identity } from "./auth/accounts.ts";
import { type Permission, permits } from "./auth/permission.ts";
import type { ProblemDetails } from "./contract.ts";
import type { ApiParts } from "./parts.ts";

export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;
export type Request = FastifyRequest;
export type Reply = FastifyReply;
export type Routes = (api: Api, parts: ApiParts) => void;

export const BODY_BYTES_MAX = 1024 * 1024;
/** Per client address; a page with an open stream needs a few per second at most. */
export const REQUESTS_PER_MINUTE_MAX = 1_200;
export const SIGN_INS_PER_MINUTE_MAX = 10;
export const SESSION_COOKIE = "lamplighter_session";
/** A form on a foreign page cannot send this header, so it cannot act with the user's cookie. */
export const GUARD_HEADER = "x-lamplighter";
const REQUEST_MS_MAX = 30_000;
const CONNECTIONS_MAX = 2_000;

declare module "fastify" {
  interface FastifyRequest {
    identity: Identity | undefined;
  }
  interface FastifyContextConfig {
    /** `open` needs no credential; everything else needs this permission. */
    access?: Permission | "open";
  }
}

export interface HttpOptions {
  readonly host: string;
  readonly port: number;
  /** The built dashboard. */
  readonly pagesFolder: string;
}

export interface HttpServer {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

export async function startHttp(
  parts: ApiParts,
  routes: readonly Routes[],
  options: HttpOptions,
): Promise<HttpServer> {
  const api = await buildApi(parts, routes, options.pagesFolder);
  try {
    await api.listen({ host: options.host, port: options.port });
  } catch (error) {
    await api.close();
    throw listenError(error, options);
  }
  const address = api.server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  return {
    host: options.host,
    port,
    close: () => api.close(),
  };
}

/** Without a socket, for tests that inject requests. */
export async function buildApi(
  parts: ApiParts,
  routes: readonly Routes[],
  pagesFolder: string,
): Promise<Api> {
  const api: Api = fastify({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 200 },
  }).withTypeProvider<ZodTypeProvider>();
  api.server.maxConnections = CONNECTIONS_MAX;
  api.setValidatorCompiler(validatorCompiler);
  api.setSerializerCompiler(serializerCompiler);
  api.decorateRequest("identity", undefined);
  api.setErrorHandler((error, request, reply) =>
    answerError(parts.log, error as Error, request, reply),
  );
  await registerPlugins(api, parts);
  api.addHook("onRequest", async (request) => gate(parts, request));
  for (const add of routes) add(api, parts);
  await servePages(api, parts.log, pagesFolder);
  return api;
}

async function registerPlugins(api: Api, parts: ApiParts): Promise<void> {
  await api.register(fastifyCookie);
  await api.register(fastifyHelmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", "data:"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
      },
    },
    // Only a TLS front end may promise TLS; on plain HTTP the header would lock people out.
    hsts: false,
    referrerPolicy: { policy: "no-referrer" },
  });
  await api.register(fastifyRateLimit, { max: REQUESTS_PER_MINUTE_MAX, timeWindow: 60_000 });
  await api.register(fastifySwagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Lamplighter", version: parts.version },
      components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
  });
  await api.register(fastifySwaggerUi, { routePrefix: "/api/docs", staticCSP: false });
  api.get("/api/openapi.json", { schema: { hide: true } }, async () => api.swagger());
}

const bearerOf = (request: FastifyRequest): string | undefined =>
  /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1];

/** Whose credential came with a request, as it stands now: a long answer asks again. */
export function identify(accounts: Accounts, request: FastifyRequest): Identity | undefined {
  const bearer = bearerOf(request);
  const cookie = request.cookies[SESSION_COOKIE];
  if (bearer !== undefined) return accounts.byToken(bearer);
  return cookie === undefined ? undefined : accounts.bySession(cookie);
}

/** Who is asking, may they, and is it their own page that asks. */
async function gate({ accounts }: ApiParts, request: FastifyRequest): Promise<void> {
  const bearer = bearerOf(request);
  request.identity = identify(accounts, request);
  const changes = request.method !== "GET" && request.method !== "HEAD";
  if (changes && bearer === undefined && request.headers[GUARD_HEADER] === undefined) {
    throw new LamplighterError(
      "NOT_PERMITTED",
      `A change needs either an API token or the header ${GUARD_HEADER}, which only our own page sends.`,
    );
  }
  const access = request.routeOptions.config.access ?? defaultAccess(request.routeOptions.url);
  if (access === "open") return;
  if (request.identity === undefined) {
    throw new LamplighterError("NOT_SIGNED_IN", "Sign in first, or send an API token.");
  }
  if (!permits(request.identity.role, access)) {
    throw new LamplighterError(
      "NOT_PERMITTED",
      `The role ${request.identity.role} does not include "${access}".`,
      { fields: { role: request.identity.role, permission: access } },
    );
  }
}

/** Only the page's own files and what does not exist are open unless a route says so. */
const defaultAccess = (url: string | undefined): Permission | "open" =>
  url === undefined || !(url.startsWith("/api") || url.startsWith("/metrics")) ? "open" : "read";

/** The signed-in user's name; the gate has run, so a route behind it always has one. */
export function authorOf(request: FastifyRequest): string {
  if (request.identity === undefined)
    throw new Error("a route without access control has an author");
  return request.identity.user;
}

function answerError(log: Log, error: Error, request: FastifyRequest, reply: Reply): Reply {
  const known = asKnown(error);
  if (known.code === "INTERNAL") {
    log.error("request failed", { error, method: request.method, route: request.routeOptions.url });
  }
  const status = httpStatusOf(known.code);
  const body: ProblemDetails = {
    type: `urn:lamplighter:error:${known.code.toLowerCase().replaceAll("_", "-")}`,
    title: known.code,
    status,
    code: known.code,
    detail: known.message,
    fields: { ...known.fields },
  };
  return reply.code(status).type("application/problem+json").send(JSON.stringify(body));
}

function asKnown(error: Error): LamplighterError {
  if (error instanceof LamplighterError) return error;
  const { statusCode = 500, validation, validationContext } = error as FastifyError;
  if (validation !== undefined) {
    const where = validationContext ?? "request";
    const problems = validation.map((v) => `${where}${v.instancePath}: ${v.message ?? "is wrong"}`);
    return new LamplighterError("REQUEST_INVALID", problems.join("; "), { fields: { problems } });
  }
  const codes: Readonly<Record<number, ErrorCode>> = {
    400: "REQUEST_INVALID",
    404: "NOT_FOUND",
    413: "BODY_TOO_LARGE",
    415: "REQUEST_INVALID",
    429: "TOO_MANY_REQUESTS",
    503: "OVERLOADED",
  };
  const code = codes[statusCode];
  if (code !== undefined) return new LamplighterError(code, wordsOf(error), { cause: error });
  // The cause goes to the log, not to the asker: it may tell of files and addresses.
  return new LamplighterError(
    "INTERNAL",
    "Something failed inside the server; its log says what.",
    {
      cause: error,
    },
  );
}

async function servePages(api: Api, log: Log, folder: string): Promise<void> {
  if (existsSync(folder)) {
    await api.register(fastifyStatic, {
      root: folder,
      setHeaders: (response, path) => {
        const forever = /\/assets\//.test(path);
        const value = forever ? "public, max-age=31536000, immutable" : "no-cache";
        response.header("cache-control", value);
      },
    });
  }
  api.setNotFoundHandler((request, reply) => {
    const error = new LamplighterError(
      "NOT_FOUND",
      `There is nothing at ${request.url.slice(0, 200)}.`,
    );
    return answerError(log, error, request, reply);
  });
}

function listenError(error: unknown, options: HttpOptions): Error {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "EADDRINUSE" && code !== "EACCES" && code !== "EADDRNOTAVAIL") {
    return error instanceof Error ? error : new Error(String(error));
  }
  const why = {
    EADDRINUSE: "another program already listens there",
    EACCES: "this user may not listen there",
    EADDRNOTAVAIL: "this machine has no such address",
  }[code];
  return new LamplighterError(
    "PORT_IN_USE",
    `Cannot serve HTTP on ${options.host}:${options.port}: ${why}. Choose another with http.port in server.yaml (or --port).`,
    { cause: error, fields: { host: options.host, port: options.port } },
  );
}
