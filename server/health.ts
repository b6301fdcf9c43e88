/** The state of the server's own parts in words for `/api/health` and in figures for Prometheus. */
import type { Clock } from "../core/clock.ts";
import { elapsed, type Monotonic } from "../core/time.ts";
import type { AlarmBook } from "./alarms/alarm-book.ts";
import type { HealthView } from "./api/contract.ts";
import type { Gauges } from "./api/parts.ts";
import type { Ingest } from "./ingest/ingest.ts";
import type { Notifier } from "./notify/notifier.ts";
import type { RuleEngine } from "./rules/rule-engine.ts";
import type { SampleStore } from "./store/store.ts";

/** Rules further behind the log than this many entries are late. */
const RULES_BEHIND_MAX = 1_000;

export interface Figures {
  readonly clock: Clock;
  readonly started: Monotonic;
  readonly version: string;
  readonly client: { readonly connected: boolean };
  readonly ingest: Ingest;
  readonly store: SampleStore;
  readonly rules: Pick<RuleEngine, "judged">;
  readonly notifier: Pick<Notifier, "states">;
  readonly book: Pick<AlarmBook, "active">;
}

export function healthOf(figures: Figures): HealthView {
  const gateways = figures.ingest.registry.gateways();
  const away = gateways.filter((g) => g.state === "offline").map((g) => g.gateway);
  const behind = figures.store.end() - figures.rules.judged;
  const failing = figures.notifier.states().filter((state) => state.failing);
  const components: HealthView["components"] = {
    broker: figures.client.connected
      ? { status: "ok" }
      : { status: "degraded", detail: "no connection to the MQTT broker" },
    gateways:
      away.length === 0
        ? { status: "ok" }
        : { status: "degraded", detail: `offline: ${away.slice(0, 10).join(", ")}` },
    rules:
      behind <= RULES_BEHIND_MAX
        ? { status: "ok" }
        : { status: "degraded", detail: `${behind} log entries behind` },
    notifications:
      failing.length === 0
        ? { status: "ok" }
        : {
            status: "degraded",
            detail: failing.map((s) => `${s.channel}: ${s.waiting} waiting`).join(", "),
          },
  };
  const isDegraded = Object.values(components).some((c) => c.status === "degraded");
  const { clock, started, version } = figures;
  return {
    status: isDegraded ? "degraded" : "ok",
    version,
    uptimeS: Math.round(elapsed(started, clock.monotonic()) / 1_000),
    components,
  };
}

export function gaugesOf({ ingest, store, rules, book, notifier }: Figures): readonly Gauges[] {
  const gauge = (name: string, help: string, value: () => number): Gauges => ({
    name: `lamplighter_${name}`,
    help,
    value,
  });
  return [
    gauge("ingest_samples", "Samples stored since the start", () => ingest.counts().samples),
    gauge("ingest_batches", "Batches stored since the start", () => ingest.counts().batches),
    gauge("ingest_replays", "Batches that had been stored before", () => ingest.counts().replays),
    gauge("ingest_refused_samples", "Samples set aside", () => ingest.counts().refusedSamples),
    gauge("ingest_queue_bytes", "Bytes waiting to be stored", () => ingest.counts().queueBytes),
    gauge("log_position", "Newest entry of the log", () => store.end()),
    gauge("rules_position", "Entry up to which rules have judged", () => rules.judged),
    gauge("points", "Announced points", () => ingest.registry.points().length),
    gauge(
      "gateways_online",
      "Gateways online",
      () => ingest.registry.gateways().filter((g) => g.state === "online").length,
    ),
    gauge("notifications_waiting", "Messages about alarms not delivered yet", () =>
      notifier.states().reduce((sum, { waiting }) => sum + waiting, 0),
    ),
    gauge("alarms_active", "Alarms that are not closed", () => book.active().length),
  ];
}
