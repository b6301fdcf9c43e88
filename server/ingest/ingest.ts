/**
 * Takes what gateways send, stores it once and durably, and only then acknowledges it. Callbacks of the
 * socket only put batches into a bounded queue; one loop decodes, judges and stores them in order.
 *
 *   message ─► queue ─► decode ─► admit ─┬─► store.append ─► latest values ─► acknowledgement
 *                          └─ refused ───┴─► quarantine
 */
import {
  BATCH_BYTES_MAX,
  type BatchOrigin,
  type DecodedBatch,
  decodeBatch,
  LANES,
} from "../../core/batch.ts";
import { CATALOGUE_BYTES_MAX, parseCatalogue } from "../../core/catalogue.ts";
import type { Clock } from "../../core/clock.ts";
import { wordsOf } from "../../core/errors.ts";
import type { GatewayId, SiteId } from "../../core/ids.ts";
import { failure, type Outcome, success } from "../../core/outcome.ts";
import {
  type Duration,
  elapsed,
  type Monotonic,
  milliseconds,
  minutes,
  seconds,
} from "../../core/time.ts";
import {
  type GatewayState,
  parseCommandReply,
  parseGatewayState,
  parseUplinkTopic,
  uplinkFilters,
} from "../../core/uplink.ts";
import type { Log } from "../../platform/log.ts";
import type { MqttClient, MqttMessage } from "../../platform/mqtt-client.ts";
import type { Database } from "../../platform/sqlite.ts";
import type { AppendOutcome, SampleStore } from "../store/store.ts";
import { Acknowledger } from "./acknowledger.ts";
import { type Admission, admit } from "./admission.ts";
import { LaneBook } from "./lane-book.ts";
import { Latest } from "./latest.ts";
import { MqttOutlet } from "./outlet.ts";
import { Quarantine, WHOLE_BATCH } from "./quarantine.ts";
import { IngestQueue, type ReceivedBatch } from "./queue.ts";
import { Registry } from "./registry.ts";
import { judgeState, type Session } from "./sessions.ts";

/** A gateway is not asked for its birth more often than this. */
const ASK_PAUSE = seconds(5);
/** When only some of its points are unknown, which another birth need not cure. */
const ASK_POINTS_PAUSE = minutes(1);
/** When the store refuses, everything waits for this. */
const STORE_RETRY = seconds(1);
/** Longer birth messages are refused before they are parsed. */
export const BIRTH_BYTES_MAX = CATALOGUE_BYTES_MAX;

export interface IngestParts {
  /** Connected to the broker as the server's own user; closed by who made it. */
  readonly client: MqttClient;
  readonly store: SampleStore;
  /** The records database. */
  readonly database: Database;
}

export interface IngestCounts {
  readonly batches: number;
  readonly samples: number;
  readonly refusedSamples: number;
  readonly refusedBatches: number;
  readonly replays: number;
  readonly gaps: number;
  readonly notQueued: number;
}

/** Reads the store's state and makes everything ready; nothing is received before `run`. */
export async function createIngest(
  clock: Clock,
  log: Log,
  parts: IngestParts,
  site: SiteId,
): Promise<Ingest> {
  const registry = new Registry(clock, log, parts.database);
  const latest = new Latest(clock, await parts.store.latest());
  const lanes = new LaneBook(await parts.store.lanes());
  return new Ingest({ clock, log, ...parts, site, registry, latest, lanes });
}

interface Wiring extends IngestParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly site: SiteId;
  readonly registry: Registry;
  readonly latest: Latest;
  readonly lanes: LaneBook;
}

export class Ingest {
  readonly registry: Registry;
  readonly latest: Latest;
  readonly outlet: MqttOutlet;
  readonly quarantine: Quarantine;
  readonly #wiring: Wiring;
  readonly #queue = new IngestQueue();
  readonly #acks: Acknowledger;
  readonly #sessions = new Map<GatewayId, Session>();
  readonly #askedAt = new Map<GatewayId, Monotonic>();
  readonly #counts = {
    batches: 0,
    samples: 0,
    refusedSamples: 0,
    refusedBatches: 0,
    replays: 0,
    gaps: 0,
    notQueued: 0,
  };
  #isStoreRefusing = false;

  constructor(wiring: Wiring) {
    const { clock, log, client, site, database } = wiring;
    this.#wiring = wiring;
    this.registry = wiring.registry;
    this.latest = wiring.latest;
    this.outlet = new MqttOutlet(client, this.registry, site);
    this.quarantine = new Quarantine(database);
    this.#acks = new Acknowledger(clock, log, client, site);
  }

  /** Receives until the signal aborts; what is in the queue then is not acknowledged and comes again. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, site } = this.#wiring;
    client.onMessage((message) => {
      if (!signal.aborted) this.#receive(message);
    });
    await client.subscribe(uplinkFilters(site), 1);
    while (!signal.aborted) {
      await this.#queue.waiting(signal);
      const taken = this.#queue.take();
      await Promise.all(taken.map((batch) => this.#store(batch)));
      if (this.#isStoreRefusing) await this.#wiring.clock.sleep(STORE_RETRY, signal);
    }
    this.#acks.flush();
  }

  counts(): IngestCounts & { readonly queueBytes: number; readonly quarantined: number } {
    const { bytes: queueBytes } = this.#queue;
    return { ...this.#counts, queueBytes, quarantined: this.quarantine.count() };
  }

  #receive(message: MqttMessage): void {
    const topic = parseUplinkTopic(message.topic);
    if (!topic.ok || topic.value.site !== this.#wiring.site) return;
    const { gateway, channel } = topic.value;
    if (channel === "birth") this.#birth(gateway, message);
    else if (channel === "state") this.#state(gateway, message);
    else if (channel === "reply") this.#reply(gateway, message);
    const lane = LANES.find((name) => channel === `data/${name}`);
    if (lane !== undefined) {
      const receivedAt = this.#wiring.clock.now();
      if (this.#queue.push({ gateway, lane, payload: message.payload, receivedAt })) return;
      this.#counts.notQueued++;
    }
  }

  #birth(gateway: GatewayId, message: MqttMessage): void {
    if (message.payload.length === 0) return;
    const parsed = this.#parseBirth(gateway, message);
    if (parsed.ok) this.registry.announce(parsed.value);
    else this.#wiring.log.error("birth refused", { gateway, why: parsed.error });
  }

  #parseBirth(gateway: GatewayId, message: MqttMessage) {
    const bytes = message.tooLarge ?? message.payload.length;
    if (bytes > BIRTH_BYTES_MAX) {
      return failure(`${bytes} bytes, allowed are ${BIRTH_BYTES_MAX}`);
    }
    const json = parseJson(textOf(message.payload));
    if (!json.ok) return json;
    const catalogue = parseCatalogue(json.value);
    if (!catalogue.ok) return failure(catalogue.error.slice(0, 20).join("; "));
    if (catalogue.value.gateway !== gateway || catalogue.value.site !== this.#wiring.site) {
      return failure("it names another gateway or site than its topic");
    }
    return catalogue;
  }

  #state(gateway: GatewayId, message: MqttMessage): void {
    if (message.payload.length === 0) return;
    const state = parseGatewayState(textOf(message.payload));
    const { clock, log } = this.#wiring;
    if (!state.ok) {
      log.warn("state not understood", { gateway, why: state.error });
      return;
    }
    const verdict = judgeState(
      gateway,
      this.#sessions.get(gateway),
      state.value,
      clock.monotonic(),
    );
    if (verdict.kind === "ignored") return;
    if (verdict.kind === "refused") {
      log.error("gateway refused", { gateway, instance: state.value.instance, why: verdict.why });
      this.#acks.say(gateway, { refuse: state.value.instance ?? "", why: verdict.why });
      return;
    }
    this.#sessions.set(gateway, verdict.session);
    if (verdict.kind === "offline") this.registry.setStatus(gateway, { state: "offline" });
    else this.#online(gateway, state.value, message.retained);
  }

  #online(gateway: GatewayId, state: GatewayState, isRetained: boolean): void {
    const offset = isRetained ? undefined : this.#clockOffset(gateway, state);
    this.registry.setStatus(gateway, {
      state: "online",
      ...(state.version === undefined ? {} : { version: state.version }),
      ...(offset === undefined ? {} : { clockOffset: offset }),
    });
    const known = this.registry.catalogueVersion(gateway);
    // What the broker kept was said to nobody in particular: the greeting is asked for anew.
    if (isRetained || known === undefined || (state.catalogue ?? known) !== known) {
      this.#askBirth(gateway);
      return;
    }
    const epoch = state.epoch ?? "";
    for (const lane of LANES) {
      const storedThrough = this.#wiring.lanes.storedThrough({ gateway, epoch, lane });
      this.#acks.add({ gateway, epoch, lane, storedThrough });
    }
    this.#acks.flush();
  }

  #clockOffset(gateway: GatewayId, state: GatewayState): Duration | undefined {
    if (state.timeMs === undefined) return undefined;
    const offset = milliseconds(state.timeMs - this.#wiring.clock.now());
    const before = this.registry.status(gateway)?.clockOffset ?? 0;
    if (Math.abs(offset) > seconds(30) && Math.abs(offset - before) > seconds(1)) {
      this.#wiring.log.warn("clock of gateway is wrong", { gateway, offsetMs: offset });
    }
    return offset;
  }

  #askBirth(gateway: GatewayId, pause: Duration = ASK_PAUSE): void {
    const now = this.#wiring.clock.monotonic();
    const askedAt = this.#askedAt.get(gateway);
    if (askedAt !== undefined && elapsed(askedAt, now) < pause) return;
    this.#askedAt.set(gateway, now);
    this.#acks.say(gateway, { ask: "birth" });
  }

  #reply(gateway: GatewayId, message: MqttMessage): void {
    const reply = parseCommandReply(textOf(message.payload));
    if (reply.ok) this.outlet.replied(gateway, reply.value);
    else this.#wiring.log.warn("reply not understood", { gateway, why: reply.error });
  }

  /** Never throws: whatever cannot be stored now is sent again by the gateway. */
  async #store(received: ReceivedBatch): Promise<void> {
    try {
      await this.#judgeAndStore(received);
      if (this.#isStoreRefusing) this.#wiring.log.info("store takes samples again");
      this.#isStoreRefusing = false;
    } catch (error) {
      if (!this.#isStoreRefusing) {
        this.#wiring.log.error("store refuses samples", { why: wordsOf(error) });
      }
      this.#isStoreRefusing = true;
    }
  }

  async #judgeAndStore(received: ReceivedBatch): Promise<void> {
    const { gateway, lane } = received;
    const session = this.#sessions.get(gateway);
    if (session === undefined || this.registry.catalogueVersion(gateway) === undefined) {
      this.#askBirth(gateway);
      return;
    }
    const batch = decodeReceived(received);
    if (!batch.ok) {
      await this.#refuseBatch(received, session, batch.error);
      return;
    }
    // Another epoch is another process, which was told to be silent, or a renewed buffer's past.
    if (batch.value.epoch !== session.epoch) return;
    const { epoch, number } = batch.value;
    const admission = this.#admit(received, batch.value);
    await this.#append({ gateway, epoch, lane, number }, received, admission);
  }

  #admit(received: ReceivedBatch, batch: DecodedBatch): Admission {
    const { gateway, receivedAt, lane } = received;
    const admission = admit(batch.samples, {
      standing: (point) => this.registry.standing(gateway, point),
      now: receivedAt,
      clockOffset: this.registry.status(gateway)?.clockOffset ?? milliseconds(0),
    });
    if (admission.unknown > 0) this.#askBirth(gateway, ASK_POINTS_PAUSE);
    const refused = [
      ...batch.refused.map((r) => ({ ...r, content: "" })),
      ...admission.refused.map((r) => ({
        ...r,
        content: JSON.stringify(batch.samples[r.index]),
      })),
    ];
    if (refused.length > 0) {
      const { epoch, number } = batch;
      this.quarantine.add({ gateway, epoch, lane, number }, receivedAt, refused);
    }
    return { ...admission, refused };
  }

  async #append(origin: BatchOrigin, received: ReceivedBatch, judged: Admission): Promise<void> {
    const { receivedAt } = received;
    const refused = judged.refused.length;
    const request = { origin, receivedAt, samples: judged.kept, refused };
    const outcome = await this.#wiring.store.append(request);
    this.#settle(origin, outcome, judged);
  }

  #settle(origin: BatchOrigin, outcome: AppendOutcome, judged: Admission): void {
    const { gateway, epoch, lane, number } = origin;
    if (outcome.kind !== "stored") {
      const { storedThrough } = outcome;
      this.#wiring.lanes.set(origin, storedThrough);
      this.#counts[outcome.kind === "gap" ? "gaps" : "replays"]++;
      const why = `not the next, which is ${storedThrough + 1}`;
      const refusal = outcome.kind === "gap" ? { number, samples: 0, why } : undefined;
      this.#acks.add({ gateway, epoch, lane, storedThrough }, refusal);
      return;
    }
    this.#counts.batches++;
    this.#counts.samples += judged.kept.length;
    this.#counts.refusedSamples += judged.refused.length;
    this.#wiring.lanes.set(origin, number);
    this.latest.stored(judged.kept, lane === "backfill");
    const why = judged.refused[0]?.why;
    const refusal = why && { number, samples: judged.refused.length, why: why.slice(0, 300) };
    this.#acks.add({ gateway, epoch, lane, storedThrough: number }, refusal || undefined);
  }

  /** An unreadable batch goes as a whole, and its number with it, or it would come again for ever. */
  async #refuseBatch(received: ReceivedBatch, session: Session, why: string): Promise<void> {
    const { gateway, lane, payload } = received;
    const text = textOf(payload.subarray(0, 4_096));
    const header = headerOf(text);
    const number = header?.number ?? 0;
    this.#counts.refusedBatches++;
    this.#wiring.log.error("batch refused", { gateway, lane, number, why });
    const origin = { gateway, epoch: session.epoch, lane, number };
    const whole = { index: WHOLE_BATCH, point: "", why, content: text };
    this.quarantine.add(origin, received.receivedAt, [whole]);
    if (header === undefined || header.epoch !== session.epoch || header.lane !== lane) return;
    await this.#append(origin, received, { kept: [], refused: [whole], unknown: 0 });
  }
}

const textOf = (payload: Uint8Array): string => Buffer.from(payload).toString("utf8");

function decodeReceived(received: ReceivedBatch): Outcome<DecodedBatch, string> {
  const { length } = received.payload;
  if (length > BATCH_BYTES_MAX) {
    return failure(`${length} bytes, allowed are ${BATCH_BYTES_MAX}`);
  }
  const batch = decodeBatch(textOf(received.payload));
  if (batch.ok && batch.value.lane !== received.lane) {
    return failure(`lane "${batch.value.lane}" came on the topic of lane "${received.lane}"`);
  }
  return batch;
}

/** The header of a batch whose rest cannot be read, when it stands in front as ours always does. */
function headerOf(
  text: string,
): { readonly epoch: string; readonly lane: string; readonly number: number } | undefined {
  const found =
    /^\s*\{\s*"version"\s*:\s*1\s*,\s*"epoch"\s*:\s*"([^"\\]{1,64})"\s*,\s*"lane"\s*:\s*"(\w+)"\s*,\s*"number"\s*:\s*(\d{1,15})\s*[,}]/.exec(
      text,
    );
  const [, epoch, lane, number] = found ?? [];
  if (epoch === undefined || lane === undefined || number === undefined) return undefined;
  return { epoch, lane, number: Number(number) };
}

function parseJson(text: string): Outcome<unknown, string> {
  try {
    return success(JSON.parse(text));
  } catch (error) {
    return failure(`not JSON: ${wordsOf(error)}`);
  }
}
