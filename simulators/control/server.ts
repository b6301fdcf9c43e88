/**
 * The control page and its JSON calls: what is true, which scenarios there are, start and stop. Loopback
 * only, and deaf to pages of other origins and to names that merely resolve to this machine.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import { LamplighterError, wordsOf } from "../../core/errors.ts";
import type { Log } from "../../platform/log.ts";
import { type FaultKind, type FaultTarget, faultSchema } from "../faults/fault.ts";
import type { FaultBoard } from "../faults/fault-board.ts";
import { actionSchema, perform } from "../scenarios/action.ts";
import type { ScenarioPlayer } from "../scenarios/player.ts";
import type { World } from "../world/state.ts";
import { controlPage } from "./page.ts";
import { truthOf } from "./truth.ts";

const HOST = "127.0.0.1";
const BODY_BYTES_MAX = 64 * 1024;

export interface Controlled {
  readonly world: World;
  readonly faults: FaultBoard;
  readonly player: ScenarioPlayer;
  readonly touch: () => void;
}

export interface ControlServer {
  readonly port: number;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export async function startControl(
  controlled: Controlled,
  options: { readonly port: number; readonly clock: Clock; readonly log: Log },
): Promise<ControlServer> {
  const server = createServer((request, response) => {
    void handle(controlled, request, response, options.log);
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once("error", (error) => {
      const message = `The control page cannot listen on ${HOST}:${options.port}: ${wordsOf(error)}; choose another with --control`;
      reject(new LamplighterError("PORT_IN_USE", message, { cause: error }));
    });
    server.listen(options.port, HOST, () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : options.port);
    });
  });
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(
  controlled: Controlled,
  request: IncomingMessage,
  response: ServerResponse,
  log: Log,
): Promise<void> {
  try {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (isForeign(request)) return send(response, { status: 403, body: problem("foreign origin") });
    if (request.method === "GET" && url.pathname === "/") {
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.setHeader("content-security-policy", PAGE_POLICY);
      response.end(controlPage(controlled.player, languageOf(url, request)));
      return;
    }
    const body = request.method === "GET" ? undefined : await bodyOf(request);
    send(response, answer(controlled, request.method ?? "GET", url.pathname, body));
  } catch (error) {
    log.debug("control request failed", { error: wordsOf(error) });
    send(response, { status: 400, body: problem(wordsOf(error)) });
  }
}

const PAGE_POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'";

/** DNS names that point here and pages of other sites are strangers. */
function isForeign({ headers }: IncomingMessage): boolean {
  const local = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;
  if (!local.test(headers.host ?? "")) return true;
  if (headers.origin === undefined) return false;
  return headers.origin !== `http://${headers.host}`;
}

const problem = (...problems: readonly string[]): unknown => ({ problems });

function send(response: ServerResponse, { status, body }: Answer): void {
  if (response.headersSent) return;
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" });
  response.end(`${JSON.stringify(body, null, 1)}\n`);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? "")) {
    throw new Error("send content-type application/json");
  }
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    const bytes = Buffer.from(part);
    size += bytes.length;
    if (size > BODY_BYTES_MAX) throw new Error(`the body is larger than ${BODY_BYTES_MAX} bytes`);
    parts.push(bytes);
  }
  const text = Buffer.concat(parts).toString("utf8");
  return text === "" ? {} : JSON.parse(text);
}

function languageOf(url: URL, { headers }: IncomingMessage): "zh" | "en" {
  const asked = url.searchParams.get("lang") ?? headers["accept-language"] ?? "";
  return asked.startsWith("en") ? "en" : "zh";
}

const startBody = z.object({
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
});
const faultBody = z.object({
  target: z.string().regex(/^(device|line):.+/),
  fault: faultSchema.optional(),
  clear: z.string().optional(),
});

function answer(controlled: Controlled, method: string, path: string, body: unknown): Answer {
  const { world, faults, player } = controlled;
  if (method === "GET") return look(controlled, path);
  if (method !== "POST") return { status: 405, body: problem("only GET and POST") };
  const scenario = /^\/scenarios\/([a-z0-9-]+)\/(start|stop)$/.exec(path);
  if (scenario) {
    const [, id = "", verb] = scenario;
    const done =
      verb === "start" ? player.start(id, startBody.parse(body).parameters) : player.stop(id);
    return done.ok
      ? { status: 200, body: player.status(id) }
      : { status: 422, body: problem(...done.error) };
  }
  if (path === "/act") {
    const failed = perform(world, faults, actionSchema.parse(body));
    controlled.touch();
    return failed ? { status: 422, body: problem(failed) } : { status: 200, body: {} };
  }
  if (path === "/faults") {
    const { target, fault, clear } = faultBody.parse(body);
    if (fault) faults.set(target as FaultTarget, fault);
    else faults.clear(target as FaultTarget, clear as FaultKind | undefined);
    return { status: 200, body: faults.list() };
  }
  return { status: 404, body: problem(`there is no ${path}`) };
}

function look({ world, faults, player }: Controlled, path: string): Answer {
  switch (path) {
    case "/state":
      return { status: 200, body: truthOf(world) };
    case "/faults":
      return { status: 200, body: faults.list() };
    case "/scenarios":
      return {
        status: 200,
        body: [...player.files.values()].map(({ id, name, what, parameters, platform }) => ({
          ...player.status(id),
          name,
          what,
          parameters,
          platform,
        })),
      };
    default:
      return { status: 404, body: problem(`there is no ${path}`) };
  }
}
