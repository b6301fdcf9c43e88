/** The live stream as server-sent events: resumable, bounded per client, ended when a client reads too slowly. */
import type { Clock } from "../../../core/clock.ts";
import { LamplighterError } from "../../../core/errors.ts";
import { spaceId } from "../../../core/ids.ts";
import type { Sample } from "../../../core/sample.ts";
import { seconds } from "../../../core/time.ts";
import { makeSecret } from "../auth/secret.ts";
import { liveEvents } from "../contract.ts";
import { type Api, identify, type Reply } from "../http-server.ts";
import { LISTENERS_MAX, LiveHub } from "../live-hub.ts";
import type { ApiParts } from "../parts.ts";
import { latestView } from "../sample-view.ts";
import { gatewayView, spaceView } from "./plant.ts";

/** A comment line this often keeps proxies from cutting a quiet stream and finds dead clients. */
const HEARTBEAT = seconds(15);
/** A client that lets this much pile up is disconnected; it resumes where it was. */
const BACKLOG_BYTES_MAX = 4 * 1024 * 1024;
/** How long a client waits before it reconnects. */
const RETRY = seconds(1);

export function liveRoutes(api: Api, parts: ApiParts): void {
  const { plant, latest, alarms, commands, clock } = parts;
  const view = (sample: Sample) => {
    const point = plant.point(sample.point);
    return point === undefined ? undefined : latestView(sample, point, clock.now());
  };
  const isHazard = (sample: Sample): boolean => plant.point(sample.point)?.hazard !== undefined;
  const hub = new LiveHub(clock, view, makeSecret().slice(0, 8).replaceAll("-", "_"));
  let frozen = new Set(alarms.frozen().keys());
  const unsubscribe = [
    latest.onSamples((samples, late) => {
      if (!late) hub.offer(samples, isHazard);
    }),
    alarms.onChange((alarm) => hub.emit("alarm", alarm)),
    commands.onChange((command) => hub.emit("command", command)),
    plant.onGateway((status) => hub.emit("gateway", gatewayView(status))),
    alarms.onFreeze(() => {
      const now = new Set(alarms.frozen().keys());
      for (const id of now.symmetricDifference(frozen)) {
        const space = parts.spaces.get(spaceId(id));
        if (space !== undefined) hub.emit("space", spaceView(space, alarms));
      }
      frozen = now;
    }),
  ];
  api.addHook("onClose", async () => {
    for (const end of unsubscribe) end();
    hub.close();
  });

  const description = `Server-sent events: ${Object.keys(liveEvents).join(", ")}`;
  api.get("/api/live", { schema: { description } }, (request, reply) => {
    if (hub.listeners >= LISTENERS_MAX) {
      throw new LamplighterError("OVERLOADED", "Too many pages listen already; try again later.");
    }
    const isWelcome = (): boolean => identify(parts.accounts, request) !== undefined;
    const id = request.headers["last-event-id"];
    reply.hijack();
    stream(reply.raw, { hub, clock, isWelcome, after: typeof id === "string" ? id : undefined });
  });
}

interface StreamOptions {
  readonly hub: LiveHub;
  readonly clock: Clock;
  readonly isWelcome: () => boolean;
  /** The last event this page has seen. */
  readonly after: string | undefined;
}

function stream(raw: Reply["raw"], options: StreamOptions): void {
  raw.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  raw.write(`retry: ${RETRY}\n\n`);
  const send = (frame: string): void => {
    if (raw.writableLength > BACKLOG_BYTES_MAX) raw.destroy();
    else raw.write(frame);
  };
  const stop = options.hub.listen({ send }, options.after);
  const ended = new AbortController();
  raw.on("close", () => {
    ended.abort();
    stop();
  });
  raw.on("error", () => raw.destroy());
  void heartbeat(raw, options, ended.signal);
}

/** Also ends the stream of a session that has ended or a token that was taken back. */
async function heartbeat(
  raw: Reply["raw"],
  { clock, isWelcome }: StreamOptions,
  ended: AbortSignal,
): Promise<void> {
  while (!ended.aborted) {
    await clock.sleep(HEARTBEAT, ended);
    if (ended.aborted) return;
    if (!isWelcome()) raw.end();
    else raw.write(": still here\n\n");
  }
}
