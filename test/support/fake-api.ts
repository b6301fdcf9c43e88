/**
 * A server of the public API for the page's tests: in memory, one campus, and handles to make things
 * happen. It hands out the built page with the same content security policy as the real one.
 */
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { seconds } from "../../core/time.ts";
import { systemClock } from "../../platform/clock.ts";
import type {
  AlarmView,
  CommandView,
  DeviceView,
  GatewayView,
  LatestView,
  SpaceView,
} from "../../server/api/contract.ts";
import { DEVICES, gatewayAt, POINTS, SITE, SPACES, VALUES } from "./fake-campus.ts";

export const FAKE_USER = "wang";
export const FAKE_PASSWORD = "correct horse battery";
export const FAKE_LINK = "one-time-link-of-the-demo";
export const FAKE_SET_LINK = "set-password-link-for-li";

const CONTENT_SECURITY_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
const BODY_BYTES_MAX = 64 * 1024;

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly body: Record<string, unknown>;
}

export class FakeApi {
  readonly #dist: string;
  readonly #server: Server;
  readonly #streams = new Set<ServerResponse>();
  readonly #sessions = new Map<string, string>();
  readonly #abort = new AbortController();
  #eventId = 0;
  #made = 0;
  #isCut = false;

  readonly spaces = new Map<string, SpaceView>(SPACES.map((space) => [space.id, space]));
  readonly devices = new Map<string, DeviceView>(DEVICES.map((device) => [device.id, device]));
  readonly gateways = new Map<string, GatewayView>();
  readonly latest = new Map<string, LatestView>();
  readonly alarms = new Map<string, AlarmView>();
  readonly commands = new Map<string, CommandView>();
  /** How the next commands end. */
  outcome: "verified" | "failed" | "waiting" = "verified";
  role: "administrator" | "viewer" = "administrator";
  /** Everything posted, for tests that ask what was sent. */
  readonly posted: { readonly path: string; readonly body: unknown; readonly key?: string }[] = [];

  constructor(dist: string) {
    this.#dist = dist;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
    });
    this.gateways.set("gw-1", gatewayAt(this.now()));
    for (const point of POINTS) this.#hold(point.point, VALUES[point.point] ?? 0);
  }

  now(agoMs = 0): string {
    return new Date(systemClock.now() - agoMs).toISOString();
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    void this.#talk();
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Ends every stream and refuses new ones until `mend`. */
  cut(): void {
    this.#isCut = true;
    for (const stream of this.#streams) stream.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  expireSessions(): void {
    this.#sessions.clear();
    for (const stream of this.#streams) stream.destroy();
  }

  setValue(point: string, value: number): void {
    this.publish("samples", { items: [this.#hold(point, value)] });
  }

  put(item: LatestView): void {
    this.latest.set(item.point, item);
    this.publish("samples", { items: [item] });
  }

  raise(alarm: AlarmView): void {
    this.alarms.set(alarm.id, alarm);
    this.publish("alarm", alarm);
  }

  freeze(space: string, alarm: string): void {
    const known = this.spaces.get(space);
    if (!known) return;
    const frozen = { ...known, frozen: { since: this.now(), alarm } };
    this.spaces.set(space, frozen);
    this.publish("space", frozen);
  }

  #hold(point: string, value: number): LatestView {
    const unit = POINTS.find((known) => known.point === point)?.unit ?? "1";
    const base = { point, time: this.now(), quality: "good", timeSource: "gateway" } as const;
    const item = { ...base, value, unit, stale: false };
    this.latest.set(point, item);
    return item;
  }

  /** Sends one event to every open stream. */
  publish(event: string, data: unknown): void {
    this.#eventId += 1;
    const text = `id: ${this.#eventId}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const stream of this.#streams) stream.write(text);
  }

  /** Keeps every good value fresh, as a gateway would. */
  async #talk(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      await systemClock.sleep(seconds(1), this.#abort.signal);
      const items: LatestView[] = [];
      for (const held of this.latest.values()) {
        if (held.quality !== "good" || typeof held.value !== "number") continue;
        items.push(this.#hold(held.point, held.value));
      }
      this.publish("samples", { items });
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://fake");
    if (!url.pathname.startsWith("/api/")) {
      await this.#file(url.pathname, response);
      return;
    }
    const exchange = { request, response, url, body: await bodyOf(request) };
    if (request.method === "POST") {
      const key = request.headers["idempotency-key"];
      const entry = { path: url.pathname, body: exchange.body };
      this.posted.push(typeof key === "string" ? { ...entry, key } : entry);
    }
    if (url.pathname === "/api/live" && this.#userOf(request)) {
      this.#live(request, response);
      return;
    }
    const { status, body } = this.#replyTo(exchange);
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  }

  #replyTo(exchange: Exchange): Reply {
    const { request, url } = exchange;
    if (request.method !== "GET" && request.headers["x-lamplighter"] !== "1") {
      return problem(403, "NOT_PERMITTED", "the header X-Lamplighter is missing");
    }
    if (url.pathname.startsWith("/api/session")) return this.#session(exchange);
    if (url.pathname === "/api/health") return reply(200, HEALTH);
    if (!this.#userOf(request)) return problem(401, "NOT_SIGNED_IN", "sign in first");
    return request.method === "GET" ? this.#read(url) : this.#act(exchange);
  }

  #userOf(request: IncomingMessage): string | undefined {
    const cookie = /session=([^;]+)/.exec(request.headers.cookie ?? "")?.[1];
    return cookie === undefined ? undefined : this.#sessions.get(cookie);
  }

  #session({ request, response, url, body }: Exchange): Reply {
    const { pathname } = url;
    if (request.method === "GET" && pathname === "/api/session/link") {
      const link = url.searchParams.get("link");
      if (link === FAKE_LINK) return reply(200, { kind: "signIn", user: FAKE_USER });
      if (link === FAKE_SET_LINK) return reply(200, { kind: "setPassword", user: "li" });
      return problem(404, "NOT_FOUND", "no such link");
    }
    if (request.method === "GET") {
      const user = this.#userOf(request);
      if (!user) return problem(401, "NOT_SIGNED_IN", "sign in first");
      return reply(200, this.#sessionOf(user));
    }
    if (request.method === "DELETE") {
      this.#sessions.clear();
      return reply(200, {});
    }
    const byPassword = body.name === FAKE_USER && body.password === FAKE_PASSWORD;
    const byLink = body.link === FAKE_LINK || body.link === FAKE_SET_LINK;
    if (!byPassword && !byLink) {
      return problem(401, "SIGN_IN_FAILED", "name or password is wrong");
    }
    this.#made += 1;
    const user = body.link === FAKE_SET_LINK ? "li" : FAKE_USER;
    this.#sessions.set(`s${this.#made}`, user);
    response.setHeader("Set-Cookie", `session=s${this.#made}; HttpOnly; SameSite=Strict; Path=/`);
    return reply(200, this.#sessionOf(user));
  }

  #sessionOf(user: string) {
    return { user, role: this.role, expires: this.now(-3_600_000) };
  }

  #read(url: URL): Reply {
    const [, , kind, id] = url.pathname.split("/");
    const list = (items: Iterable<unknown>): Reply => reply(200, { items: [...items] });
    switch (kind) {
      case "site":
        return reply(200, SITE);
      case "spaces":
        return list(this.spaces.values());
      case "devices":
        return list(this.devices.values());
      case "points":
        return list(POINTS);
      case "latest":
        return list(this.latest.values());
      case "gateways":
        return list(this.gateways.values());
      case "series":
        return list([this.#series(url.searchParams)]);
      case "alarms":
        return id === undefined ? list(this.#alarmsFor(url)) : this.#one(this.alarms, id);
      case "commands":
        return id === undefined ? list(this.commands.values()) : this.#one(this.commands, id);
      default:
        return problem(404, "NOT_FOUND", `no ${url.pathname}`);
    }
  }

  #one(from: ReadonlyMap<string, unknown>, id: string): Reply {
    const item = from.get(decodeURIComponent(id));
    return item ? reply(200, item) : problem(404, "NOT_FOUND", `no ${id}`);
  }

  #alarmsFor(url: URL): readonly AlarmView[] {
    const all = [...this.alarms.values()];
    return url.searchParams.get("state") === "active"
      ? all.filter(({ state }) => state !== "closed")
      : all;
  }

  /** A gentle wave with an hour missing in the middle. */
  #series(query: URLSearchParams) {
    const from = Date.parse(query.get("from") ?? "");
    const to = Date.parse(query.get("to") ?? "");
    const point = query.get("point") ?? "";
    const base = VALUES[point] ?? 1;
    const stepMs = BUCKETS_MS[query.get("bucket") ?? ""] ?? 5_000;
    const isCounter = point.includes("energy");
    const rows: object[] = [];
    for (let t = Math.ceil(from / stepMs) * stepMs; t < to; t += stepMs) {
      const part = (t - from) / (to - from);
      if (part > 0.45 && part < 0.5) continue;
      const wave = isCounter ? base - (1 - part) * 900 : base * (1 + 0.2 * Math.sin(part * 20));
      const time = new Date(t).toISOString();
      rows.push(
        query.has("bucket")
          ? { time, count: 10, min: wave * 0.9, mean: wave, max: wave * 1.15, last: wave }
          : { time, quality: "good", value: wave, timeSource: "gateway" },
      );
    }
    return { point, unit: "kW", rows };
  }

  #live(request: IncomingMessage, response: ServerResponse): void {
    if (this.#isCut) {
      response.writeHead(503).end();
      return;
    }
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write(": hello\n\n");
    this.#streams.add(response);
    request.on("close", () => this.#streams.delete(response));
  }

  #act(exchange: Exchange): Reply {
    const { url, body, request } = exchange;
    const [, , kind, id = "", what] = url.pathname.split("/");
    const user = this.#userOf(request) ?? "";
    if (kind === "commands") return this.#command(exchange, user);
    const alarm = this.alarms.get(id);
    if (!alarm) return problem(404, "NOT_FOUND", `no alarm ${id}`);
    const at = this.now();
    if (what === "acknowledge") {
      const comment = typeof body.comment === "string" ? { comment: body.comment } : {};
      const step = { at, what: "acknowledged" as const, by: user, ...comment };
      const state =
        alarm.state === "returnedUnacknowledged" ? "returnedAcknowledged" : "acknowledged";
      this.raise({ ...alarm, state, changedAt: at, history: [...alarm.history, step] });
    } else if (what === "shelve") {
      const until = this.now(-Number(body.forS) * 1_000);
      const shelved = { until, by: user, reason: String(body.reason) };
      const step = { at, what: "shelved" as const, by: user, comment: String(body.reason) };
      this.raise({ ...alarm, shelved, changedAt: at, history: [...alarm.history, step] });
    } else {
      const step = { at, what: "closed" as const, by: user, comment: String(body.reason) };
      this.raise({ ...alarm, state: "closed", changedAt: at, history: [...alarm.history, step] });
    }
    return reply(200, this.alarms.get(id));
  }

  #command({ body }: Exchange, user: string): Reply {
    const point = POINTS.find((known) => known.point === body.point);
    if (!point) return problem(404, "NOT_FOUND", "no such point");
    if (this.spaces.get(point.space)?.frozen) {
      return problem(409, "ROOM_FROZEN", `${point.space} is frozen`);
    }
    this.#made += 1;
    const id = `c${this.#made}`;
    const value = Number(body.value);
    this.#step({
      id,
      point: point.point,
      space: point.space,
      value,
      priority: "manualOverride",
      reason: String(body.reason),
      by: user,
      state: "queued",
      leaseEnds: this.now(-7_200_000),
      steps: [{ state: "queued", at: this.now() }],
    });
    void this.#carryOut(id, value, point.point);
    return reply(202, { id });
  }

  /** Sent, accepted, read back: half a second each. */
  async #carryOut(id: string, value: number, point: string): Promise<void> {
    const pause = () => systemClock.sleep(seconds(0.5), this.#abort.signal);
    await pause();
    this.#advance(id, { state: "sent" });
    if (this.outcome === "waiting") return;
    await pause();
    this.#advance(id, { state: "accepted" });
    await pause();
    if (this.outcome === "failed") {
      this.#advance(id, { state: "failed", why: "readBackDiffers", shown: 1 - value });
      return;
    }
    this.setValue(point, value);
    this.#advance(id, { state: "verified", shown: value });
  }

  #advance(id: string, step: Omit<CommandView["steps"][number], "at">): void {
    const command = this.commands.get(id);
    if (!command || this.#abort.signal.aborted) return;
    const steps = [...command.steps, { ...step, at: this.now() }];
    this.#step({ ...command, state: step.state, steps });
  }

  #step(command: CommandView): void {
    this.commands.set(command.id, command);
    this.publish("command", command);
  }

  async #file(pathname: string, response: ServerResponse): Promise<void> {
    const path = normalize(pathname === "/" ? "/index.html" : pathname);
    try {
      const content = await readFile(join(this.#dist, path));
      response.writeHead(200, {
        "Content-Type": CONTENT_TYPES[extname(path)] ?? "application/octet-stream",
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
      });
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  }
}

const BUCKETS_MS: Readonly<Record<string, number>> = {
  "5m": 300_000,
  "30m": 1_800_000,
  "1h": 3_600_000,
  day: 86_400_000,
  month: 30 * 86_400_000,
};

const HEALTH = {
  status: "ok",
  version: "0.1.0",
  uptimeS: 4_000,
  components: { ingest: { status: "ok" }, store: { status: "ok" } },
} as const;

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    pieces.push(piece as Buffer);
    bytes += (piece as Buffer).length;
    if (bytes > BODY_BYTES_MAX) throw new Error("body too large");
  }
  const text = Buffer.concat(pieces).toString();
  return text === "" ? {} : JSON.parse(text);
}

const reply = (status: number, body: unknown): Reply => ({ status, body });

const problem = (status: number, code: string, detail: string): Reply =>
  reply(status, { type: "about:blank", title: code, status, code, detail });
