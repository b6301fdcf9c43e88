/**
 * The page's memory: loads everything once, then follows the stream. Values change at most once a second
 * so that the page stays calm; hazards and alarms change at once.
 */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Clock } from "../../../core/clock.ts";
import type { Instant } from "../../../core/time.ts";
import type {
  AlarmView,
  CommandView,
  GatewayView,
  LatestView,
  SiteView,
  SpaceView,
} from "../../api/contract.ts";
import type { Client } from "../api/client.ts";
import type { Problem } from "../api/problem.ts";
import { MINUTE, ms, SECOND, shifted } from "../format/instant.ts";
import { conditionsOf } from "../places/condition.ts";
import { proofOf } from "../places/proof.ts";
import { childrenOf } from "../places/tree.ts";
import { Coalescer } from "./coalesce.ts";
import type { StreamMessage } from "./event-stream.ts";
import { reduce } from "./reduce.ts";
import { EMPTY_STATE, type LiveEvent, type LiveState, type Snapshot } from "./state.ts";
import { runStream } from "./stream.ts";

/** Devices have no event of their own: their state is asked for this often. */
const DEVICES_EVERY = ms(20_000);
const COMMANDS_LOADED = 100;
/** A difference of clocks below this is the `Date` header's own coarseness. */
const AHEAD_NOISE_MS = 2_000;

/** How the page's knowledge stands: still loading, following live, or cut off since a time. */
export type Connection =
  | { readonly kind: "loading" }
  | { readonly kind: "live" }
  | { readonly kind: "cut"; readonly since: Instant };

export class LiveStore {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #onSignedOut: () => void;
  readonly #coalescer: Coalescer;
  readonly #state = signal<LiveState>(EMPTY_STATE);
  readonly #now = signal<Instant>(0 as Instant);
  #aheadMs = 0;
  #loading = false;
  #queued: LiveEvent[] = [];

  readonly site = signal<SiteView | undefined>(undefined);
  readonly connection = signal<Connection>({ kind: "loading" });
  readonly loadProblem = signal<Problem | undefined>(undefined);

  constructor(client: Client, clock: Clock, onSignedOut: () => void) {
    this.#client = client;
    this.#clock = clock;
    this.#onSignedOut = onSignedOut;
    this.#coalescer = new Coalescer(clock, SECOND, (items) =>
      this.#apply({ kind: "samples", items }),
    );
    this.#now.value = clock.now();
  }

  /** The server's time, once a second. */
  get now(): ReadonlySignal<Instant> {
    return this.#now;
  }

  /** Slices of the state: a part of the page that reads one is left alone when another changes. */
  readonly spaces = computed(() => this.#state.value.spaces);
  readonly devices = computed(() => this.#state.value.devices);
  readonly points = computed(() => this.#state.value.points);
  readonly latest = computed(() => this.#state.value.latest);
  readonly gateways = computed(() => this.#state.value.gateways);
  readonly alarmsById = computed(() => this.#state.value.alarms);
  readonly alarms = computed(() => [...this.alarmsById.value.values()]);
  readonly commands = computed(() => this.#state.value.commands);
  readonly trails = computed(() => this.#state.value.trails);

  /** Worked out once for all parts of the page that show them. */
  readonly children = computed(() => childrenOf(this.spaces.value));
  readonly conditions = computed(() => conditionsOf(this.#state.value, this.#now.value));
  readonly proof = computed(() => proofOf(this.#state.value, this.#now.value));

  setServerAhead(aheadMs: number): void {
    this.#aheadMs = Math.abs(aheadMs) < AHEAD_NOISE_MS ? 0 : aheadMs;
  }

  /** Until `signal` aborts. The stream opens first, so that nothing falls between it and the load. */
  async run(signal: AbortSignal): Promise<void> {
    this.#loading = true;
    await Promise.all([this.#tick(signal), this.#refreshDevices(signal), this.#follow(signal)]);
  }

  async #tick(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#now.value = shifted(this.#clock.now(), this.#aheadMs);
      await this.#clock.sleep(SECOND, signal);
    }
  }

  #follow(signal: AbortSignal): Promise<void> {
    return runStream(
      {
        clock: this.#clock,
        random: Math.random,
        open: (lastEventId, aborted) => this.#client.live(lastEventId, aborted),
        onMessage: (message) => this.#receive(message, signal),
        onState: (state) => this.#connected(state, signal),
        onSignedOut: this.#onSignedOut,
      },
      signal,
    );
  }

  #connected(state: "open" | "cut", signal: AbortSignal): void {
    if (state === "open") {
      void this.#load(signal);
      return;
    }
    if (this.connection.value.kind === "cut") return;
    this.connection.value = { kind: "cut", since: shifted(this.#clock.now(), this.#aheadMs) };
  }

  /** Everything again after every opening: cheap beside being wrong about what was missed. */
  async #load(signal: AbortSignal): Promise<void> {
    this.#loading = true;
    const [site, spaces, devices, points, latest, gateways, alarms, commands] = await Promise.all([
      this.#client.site(),
      this.#client.spaces(),
      this.#client.devices(),
      this.#client.points(),
      this.#client.latest(),
      this.#client.gateways(),
      this.#client.activeAlarms(),
      this.#client.commands({ limit: COMMANDS_LOADED }),
    ]);
    if (signal.aborted) return;
    if (site.ok) this.site.value = site.value;
    const answers = [site, spaces, devices, points, latest, gateways, alarms, commands];
    const failed = answers.find((answer) => !answer.ok);
    this.loadProblem.value = failed && !failed.ok ? failed.problem : undefined;
    const snapshot: Snapshot = {
      ...(spaces.ok && { spaces: spaces.value.items }),
      ...(devices.ok && { devices: devices.value.items }),
      ...(points.ok && { points: points.value.items }),
      ...(latest.ok && { latest: latest.value.items }),
      ...(gateways.ok && { gateways: gateways.value.items }),
      ...(alarms.ok && { activeAlarms: alarms.value }),
      ...(commands.ok && { commands: commands.value.items }),
    };
    const queued = this.#queued;
    this.#queued = [];
    this.#loading = false;
    this.#state.value = queued.reduce(
      reduce,
      reduce(this.#state.value, { kind: "loaded", snapshot }),
    );
    this.connection.value = { kind: "live" };
  }

  #receive(message: StreamMessage, signal: AbortSignal): void {
    if (message.event === "reset") {
      void this.#load(signal);
      return;
    }
    const event = eventOf(message);
    if (!event) return;
    if (event.kind === "samples" && !this.#loading) {
      this.#coalescer.add(event.items, (point) => this.#isUrgent(point));
      return;
    }
    // A command is verified because of a sample: the page must not show one without the other.
    this.#coalescer.flush();
    this.#apply(event);
    if (event.kind === "gateway") void this.#reloadPlant(signal);
  }

  #isUrgent(point: string): boolean {
    return this.#state.value.points.get(point)?.hazard !== undefined;
  }

  #apply(event: LiveEvent): void {
    if (this.#loading) this.#queued.push(event);
    else this.#state.value = reduce(this.#state.value, event);
  }

  /** Takes an answer that came by request, before its event arrives. */
  take(event: LiveEvent): void {
    this.#apply(event);
  }

  async #refreshDevices(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#clock.sleep(DEVICES_EVERY, signal);
      if (signal.aborted) return;
      if (this.connection.value.kind === "live") await this.#reloadPlant(signal);
      if (this.#now.value % MINUTE < DEVICES_EVERY) await this.#reloadAlarms(signal);
    }
  }

  async #reloadPlant(signal: AbortSignal): Promise<void> {
    const [devices, points] = await Promise.all([this.#client.devices(), this.#client.points()]);
    if (signal.aborted || !devices.ok || !points.ok) return;
    const snapshot = { devices: devices.value.items, points: points.value.items };
    this.#apply({ kind: "loaded", snapshot });
  }

  /** Should an event ever be lost, an alarm is still seen within a minute. */
  async #reloadAlarms(signal: AbortSignal): Promise<void> {
    const alarms = await this.#client.activeAlarms();
    if (signal.aborted || !alarms.ok) return;
    this.#apply({ kind: "loaded", snapshot: { activeAlarms: alarms.value } });
  }
}

/** Unknown events are of a newer server and are left alone. */
function eventOf(message: StreamMessage): LiveEvent | undefined {
  // The contract's schemas describe every event; the server checks them before it sends.
  const data: unknown = JSON.parse(message.data);
  switch (message.event) {
    case "samples":
      return { kind: "samples", items: (data as { items: LatestView[] }).items };
    case "alarm":
      return { kind: "alarm", alarm: data as AlarmView };
    case "command":
      return { kind: "command", command: data as CommandView };
    case "gateway":
      return { kind: "gateway", gateway: data as GatewayView };
    case "space":
      return { kind: "space", space: data as SpaceView };
    default:
      return undefined;
  }
}
