/**
 * The page's only door to the server: the public API, as the signed-in person. Answers are values;
 * nothing here throws.
 */
import type { Clock } from "../../../core/clock.ts";
import type {
  AlarmView,
  CommandBody,
  CommandView,
  DeviceView,
  GatewayView,
  HealthView,
  LatestView,
  LinkPurposeView,
  Page,
  PointView,
  SeriesView,
  SessionView,
  SiteView,
  SpaceView,
} from "../../api/contract.ts";
import { between, instantOf, ms } from "../format/instant.ts";
import { type Answer, problem, problemOf } from "./problem.ts";

/** A request without an answer for so long is given up and said so. */
const ANSWER_WITHIN = ms(20_000);
/** A page asks for at most this many more pages of one list. */
export const PAGES_MAX = 20;
const ALARMS_PER_PAGE = 1_000;

export interface ClientOptions {
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  /** How far the server's clock is ahead of ours, told with every answer. */
  readonly onServerAhead: (aheadMs: number) => void;
  readonly onSignedOut: () => void;
}

type Query = Readonly<Record<string, string | number | undefined>>;

export class Client {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  session = () => this.#get<SessionView>("/api/session", {}, { quiet401: true });
  signIn = (name: string, password: string) =>
    this.#send<SessionView>("POST", "/api/session", { name, password });
  linkPurpose = (link: string) => this.#get<LinkPurposeView>("/api/session/link", { link });
  signInByLink = (link: string) => this.#send<SessionView>("POST", "/api/session/link", { link });
  setPassword = (link: string, password: string) =>
    this.#send<SessionView>("POST", "/api/session/password", { link, password });
  signOut = () => this.#send<unknown>("DELETE", "/api/session");

  health = () => this.#get<HealthView>("/api/health");
  site = () => this.#get<SiteView>("/api/site");
  spaces = () => this.#get<Page<SpaceView>>("/api/spaces");
  devices = () => this.#get<Page<DeviceView>>("/api/devices");
  points = () => this.#get<Page<PointView>>("/api/points");
  latest = () => this.#get<Page<LatestView>>("/api/latest");
  gateways = () => this.#get<Page<GatewayView>>("/api/gateways");

  series = (query: {
    readonly point: string;
    readonly from: string;
    readonly to: string;
    readonly bucket?: string;
    readonly limit?: number;
    readonly after?: string;
  }) => this.#get<Page<SeriesView>>("/api/series", query);

  alarms = (query: {
    readonly state: "active" | "all";
    readonly limit?: number;
    readonly before?: string;
  }) => this.#get<Page<AlarmView>>("/api/alarms", query);
  /** Every active alarm: a list cut short would look as if the rest had been closed. */
  activeAlarms = async (): Promise<Answer<readonly AlarmView[]>> => {
    const found: AlarmView[] = [];
    let before: string | undefined;
    for (let page = 0; page < PAGES_MAX; page++) {
      const query = { state: "active", limit: ALARMS_PER_PAGE } as const;
      const answer = await this.alarms(before === undefined ? query : { ...query, before });
      if (!answer.ok) return answer;
      found.push(...answer.value.items);
      before = answer.value.next;
      if (before === undefined) break;
    }
    return { ok: true, value: found };
  };
  alarm = (id: string) => this.#get<AlarmView>(`/api/alarms/${encodeURIComponent(id)}`);
  acknowledge = (id: string, comment: string) =>
    this.#send<AlarmView>(
      "POST",
      `/api/alarms/${encodeURIComponent(id)}/acknowledge`,
      comment === "" ? {} : { comment },
    );
  close = (id: string, reason: string) =>
    this.#send<AlarmView>("POST", `/api/alarms/${encodeURIComponent(id)}/close`, { reason });

  shelve = (id: string, body: { readonly forS: number; readonly reason: string }) =>
    this.#send<AlarmView>("POST", `/api/alarms/${encodeURIComponent(id)}/shelve`, body);
  unshelve = (id: string) =>
    this.#send<AlarmView>("POST", `/api/alarms/${encodeURIComponent(id)}/unshelve`, {});

  commands = (query: { readonly space?: string; readonly limit?: number }) =>
    this.#get<Page<CommandView>>("/api/commands", query);
  commandLife = (id: string) => this.#get<CommandView>(`/api/commands/${encodeURIComponent(id)}`);
  /** The key makes a repeated send the same command, not a second one. */
  command = (body: CommandBody, idempotencyKey: string) =>
    this.#send<{ readonly id: string }>("POST", "/api/commands", body, {
      "Idempotency-Key": idempotencyKey,
    });

  /** The stream has no time limit; its reader watches for silence. */
  live = (lastEventId: string, signal: AbortSignal): Promise<Response> =>
    this.#options.fetch("/api/live", {
      headers: {
        accept: "text/event-stream",
        ...(lastEventId === "" ? {} : { "Last-Event-ID": lastEventId }),
      },
      signal,
    });

  #get<T>(path: string, query: Query = {}, options = { quiet401: false }): Promise<Answer<T>> {
    const params = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) params.set(name, String(value));
    }
    const search = params.toString();
    return this.#ask(search === "" ? path : `${path}?${search}`, {}, options.quiet401);
  }

  #send<T>(
    method: "POST" | "DELETE",
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer<T>> {
    const json = body === undefined ? {} : { "Content-Type": "application/json" };
    return this.#ask(path, {
      method,
      headers: { "X-Lamplighter": "1", ...json, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async #ask<T>(path: string, init: RequestInit, quiet401 = false): Promise<Answer<T>> {
    const { clock } = this.#options;
    const abort = new AbortController();
    const cancel = clock.after(ANSWER_WITHIN, () => abort.abort());
    try {
      const response = await this.#options.fetch(path, { ...init, signal: abort.signal });
      this.#compareClocks(response);
      const text = await response.text();
      const body: unknown = text === "" ? undefined : JSON.parse(text);
      // The contract's schemas describe every answer; the server checks them before it sends.
      if (response.ok) return { ok: true, value: body as T };
      const wrong = problemOf(body, response.status);
      if (wrong.code === "NOT_SIGNED_IN" && !quiet401) this.#options.onSignedOut();
      return { ok: false, problem: wrong };
    } catch (error) {
      return error instanceof SyntaxError
        ? problem("UNREADABLE", error.message)
        : problem("UNREACHABLE", error instanceof Error ? error.message : String(error));
    } finally {
      cancel();
    }
  }

  /** `Date` counts whole seconds: half a second is added back on average. */
  #compareClocks(response: Response): void {
    const date = response.headers.get("date");
    if (date === null) return;
    const aheadMs = between(this.#options.clock.now(), instantOf(date)) + 500;
    if (Number.isFinite(aheadMs)) this.#options.onServerAhead(aheadMs);
  }
}
