/**
 * The points of the devices behind one OPC UA server: one session for all of them, opened again and again
 * for as long as the gateway runs, with everything looked up anew each time.
 *
 *   open ─► Link (resolve, subscribe, watch) ─► ended ─► devices offline ─► pause ─► open …
 */
import { backoff } from "../../../core/backoff.ts";
import type { Clock } from "../../../core/clock.ts";
import { wordsOf } from "../../../core/errors.ts";
import { type DeviceId, type PointId, pointId } from "../../../core/ids.ts";
import type { Value } from "../../../core/sample.ts";
import {
  type Duration,
  earlier,
  elapsed,
  type Instant,
  milliseconds,
  seconds,
} from "../../../core/time.ts";
import type { Log } from "../../../platform/log.ts";
import type { OpcuaConnection } from "../../configuration.ts";
import type { PersonalHash } from "../personal.ts";
import type {
  DeviceStatus,
  ReadAnswer,
  SampleSink,
  Source,
  SourceValue,
  WriteAnswer,
  WriteRequest,
} from "../source.ts";
import type { OpcuaEvent, OpcuaSession } from "./asking.ts";
import { openOpcua } from "./client.ts";
import { decodeValue, encodeValue } from "./decode.ts";
import { decodeEvent, eventItemsOf } from "./event.ts";
import { Link } from "./link.ts";
import { type Item, itemsOf, type OpcuaDevice } from "./plan.ts";
import type { OpcuaValue } from "./value.ts";

export type { OpcuaDevice } from "./plan.ts";

/** Pauses between attempts grow from the first to the last. */
const RETRY_FIRST = milliseconds(500);
const RETRY_LAST = seconds(30);
/** History is read from this long before the loss was noticed. */
const HISTORY_MARGIN = seconds(10);
/** Event ids remembered to know one that is told twice. */
const EVENTS_REMEMBERED = 5_000;
/** What is said of an offline device; a command to run must fit. */
const STATUS_CHARACTERS_MAX = 500;
/** A session that lasted this long starts the pauses anew. */
const STABLE_AFTER = seconds(30);

export interface OpcuaSourceOptions {
  readonly connection: OpcuaConnection;
  /** Of the connection's username. */
  readonly password?: string;
  readonly devices: readonly OpcuaDevice[];
  /** Own key and certificate, and the trusted ones. */
  readonly pkiFolder: string;
  readonly sink: SampleSink;
  readonly clock: Clock;
  readonly log: Log;
  readonly onStatus: (status: DeviceStatus) => void;
  readonly hash: PersonalHash;
  /** 0 ≤ random() < 1, for the jitter of the pauses. */
  readonly random?: () => number;
}

export const createOpcuaSource = (options: OpcuaSourceOptions): Source => new Opcua(options);

interface Current {
  readonly session: OpcuaSession;
  readonly link: Link;
}

class Opcua implements Source {
  readonly #options: OpcuaSourceOptions;
  readonly #items: readonly Item[];
  readonly #eventItems: readonly Item[];
  /** Ids of events that were given on; a refresh tells standing alarms again. */
  readonly #events = new Set<string>();
  readonly #itemOf = new Map<PointId, Item>();
  readonly #statuses = new Map<DeviceId, DeviceStatus>();
  /** Latest values, for gates. */
  readonly #values = new Map<PointId, Value>();
  /** Newest source time given on per point, so that history does not repeat it. */
  readonly #newest = new Map<PointId, Instant>();
  /** When something was heard last before the outage that is going on. */
  #lostAt: Instant | undefined;
  #current: Current | undefined;
  #said = "";

  constructor(options: OpcuaSourceOptions) {
    this.#options = options;
    this.#items = itemsOf(options.devices);
    this.#eventItems = eventItemsOf(options.devices);
    for (const item of this.#items) {
      this.#itemOf.set(pointId(item.device.id, item.point.name), item);
    }
    for (const { id } of options.devices) {
      const since = options.clock.now();
      this.#statuses.set(id, { device: id, state: "unknown", since });
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, random = Math.random } = this.#options;
    const schedule = { first: RETRY_FIRST, max: RETRY_LAST, jitter: 0.5, random };
    let pauses = backoff(schedule);
    while (!signal.aborted) {
      const start = clock.monotonic();
      const why = await this.#runOnce(signal);
      if (signal.aborted) return;
      this.#loseAll(why);
      if (elapsed(start, clock.monotonic()) >= STABLE_AFTER) pauses = backoff(schedule);
      await clock.sleep(pauses.next().value, signal);
    }
  }

  async write({ point, value, timeout }: WriteRequest): Promise<WriteAnswer> {
    const item = this.#itemOf.get(point);
    if (item === undefined) return { kind: "refused", detail: `${point} is not known here` };
    const encoded = encodeValue(item.point, value);
    if (!encoded.ok) return { kind: "refused", detail: encoded.error };
    const node = this.#current?.link.nodeOf(item);
    if (this.#current === undefined || node === undefined) {
      return { kind: "noAnswer", detail: this.#statuses.get(item.device.id)?.detail ?? "offline" };
    }
    const { type, raw } = encoded.value;
    const written = await this.#within(timeout, this.#current.session.write(node, type, raw));
    if (!written.ok) return { kind: "noAnswer", detail: written.error };
    const status = written.value;
    if (status.startsWith("Good")) return { kind: "accepted" };
    return { kind: "refused", detail: `the server says ${status}` };
  }

  async read(point: PointId, timeout: Duration): Promise<ReadAnswer> {
    const item = this.#itemOf.get(point);
    const node = item && this.#current?.link.nodeOf(item);
    if (item === undefined || node === undefined || this.#current === undefined) {
      return { kind: "none", detail: `${point} is not connected` };
    }
    const read = await this.#within(timeout, this.#current.session.read([node]));
    const [value] = read.ok ? read.value : [];
    if (!read.ok || value === undefined) {
      return { kind: "none", detail: read.ok ? "the server answered nothing" : read.error };
    }
    const sample = this.#decode(item, value, true);
    if (sample.quality === "bad") return { kind: "none", detail: sample.detail ?? sample.reason };
    return { kind: "value", value: sample.value, time: sample.time };
  }

  statuses(): readonly DeviceStatus[] {
    return [...this.#statuses.values()];
  }

  /** One session from its opening to its end; resolves with why it ended. */
  async #runOnce(signal: AbortSignal): Promise<string> {
    const { clock, log, connection } = this.#options;
    let session: OpcuaSession;
    try {
      session = await openOpcua(this.#options);
    } catch (error) {
      return wordsOf(error);
    }
    const link = new Link(session, {
      clock,
      log,
      listener: {
        onValue: (item, value, isCurrent) => this.#take(item, value, isCurrent),
        onStored: (item, value) => this.#takeStored(item, value),
        onEvent: (item, event) => this.#takeEvent(item, event),
        onMissing: (item, why) => this.#miss(item, why),
        onSilent: (why) => this.#loseAll(why),
        onHeardAgain: () => {
          this.#lostAt = undefined;
          this.#say("connected");
        },
      },
    });
    try {
      this.#say("connected");
      await link.start(this.#items, this.#eventItems);
      this.#current = { session, link };
      void this.#backfill(link);
      return await link.run(signal);
    } catch (error) {
      return `OPC UA server ${connection.endpoint}: ${wordsOf(error)}`;
    } finally {
      this.#current = undefined;
      await session.close();
    }
  }

  async #backfill(link: Link): Promise<void> {
    const from = this.#lostAt;
    this.#lostAt = undefined;
    if (from === undefined) return;
    try {
      await link.backfill(from, this.#options.clock.now());
    } catch (error) {
      this.#options.log.info("history not read", { why: wordsOf(error).slice(0, 200) });
    }
  }

  /** Late and true to its time; what is newer than anything before is news, the rest was had. */
  #takeStored(item: Item, value: OpcuaValue): void {
    const { sourceTime } = value;
    const point = pointId(item.device.id, item.point.name);
    if (sourceTime === undefined || sourceTime <= (this.#newest.get(point) ?? 0)) return;
    this.#newest.set(point, sourceTime);
    this.#options.sink.offer(this.#decode(item, value, false));
  }

  #decode(item: Item, value: OpcuaValue, isCurrent: boolean): SourceValue {
    const { clock, hash } = this.#options;
    const device = item.device.id;
    return decodeValue(item.point, value, {
      device,
      arrival: clock.now(),
      isCurrent,
      hash,
      latest: (name) => this.#values.get(pointId(device, name)),
    });
  }

  #take(item: Item, value: OpcuaValue, isCurrent: boolean): void {
    const sample = this.#decode(item, value, isCurrent);
    if (sample.quality === "bad") this.#values.delete(sample.point);
    else this.#values.set(sample.point, sample.value);
    const isAway =
      sample.quality === "bad" &&
      (sample.reason === "deviceOffline" || sample.reason === "connectionLost");
    if (!isAway) this.#isOnline(item.device.id);
    if (!isCurrent) this.#newest.set(sample.point, sample.time);
    this.#options.sink.offer(sample);
  }

  #takeEvent(item: Item, event: OpcuaEvent): void {
    const key = `${item.device.id}/${item.point.name} ${event.id}`;
    if (event.id !== "" && this.#events.has(key)) return;
    this.#events.add(key);
    for (const oldest of this.#events) {
      if (this.#events.size <= EVENTS_REMEMBERED) break;
      this.#events.delete(oldest);
    }
    const { clock, hash, sink } = this.#options;
    sink.offer(decodeEvent(item, event, { arrival: clock.now(), hash }));
  }

  #miss(item: Item, detail: string): void {
    this.#options.sink.offer({
      point: pointId(item.device.id, item.point.name),
      time: this.#options.clock.now(),
      timeSource: "gateway",
      quality: "bad",
      reason: "notImplemented",
      detail: detail.slice(0, 200),
    });
  }

  #isOnline(device: DeviceId): void {
    if (this.#statuses.get(device)?.state === "online") return;
    this.#setStatus({ device, state: "online", since: this.#options.clock.now() });
  }

  #setStatus(status: DeviceStatus): void {
    this.#statuses.set(status.device, status);
    this.#options.onStatus(status);
  }

  /** Once per loss: every point of every device gets a bad sample with the reason. */
  #loseAll(why: string): void {
    this.#say(why);
    const now = this.#options.clock.now();
    this.#lostAt ??= earlier(now, HISTORY_MARGIN);
    const detail = why.slice(0, STATUS_CHARACTERS_MAX);
    const reason = "connectionLost";
    const lost = new Set<DeviceId>();
    for (const [device, { state, since, detail: before }] of this.#statuses) {
      if (state !== "offline") lost.add(device);
      if (state === "offline" && before === detail) continue;
      const lostSince = state === "offline" ? since : now;
      this.#setStatus({ device, state: "offline", since: lostSince, reason, detail });
    }
    for (const { device, point } of this.#items) {
      if (!lost.has(device.id)) continue;
      const id = pointId(device.id, point.name);
      this.#values.delete(id);
      const base = { point: id, time: now, timeSource: "gateway", quality: "bad" } as const;
      this.#options.sink.offer({ ...base, reason, detail: detail.slice(0, 200) });
    }
  }

  /** One line per change. */
  #say(what: string): void {
    if (what === this.#said) return;
    this.#said = what;
    const { log, connection } = this.#options;
    const fields = { connection: connection.id, server: connection.endpoint };
    if (what === "connected") log.info("OPC UA server connected", fields);
    else log.warn("OPC UA server not connected", { ...fields, why: what });
  }

  async #within<T>(
    timeout: Duration,
    answer: Promise<T>,
  ): Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; error: string }> {
    const abort = new AbortController();
    const late = this.#options.clock
      .sleep(timeout, abort.signal)
      .then(() => ({ ok: false, error: `no answer within ${timeout} ms` }) as const);
    const given = answer.then(
      (value) => ({ ok: true, value }) as const,
      (error: unknown) => ({ ok: false, error: wordsOf(error) }) as const,
    );
    const first = await Promise.race([given, late]);
    abort.abort();
    return first;
  }
}
