/**
 * The composition root of the gateway: one straight line that builds everything in the order of the data
 * and registers each ending beside its beginning. Long on purpose; splitting it would hide the flow.
 *
 *   sources ─► pipeline ─► committer ─► buffer (disk) ─► uplink ═ server
 *      ▲──────── executor ◄────────────── commands ◄───────┘
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";
import { formatProblems } from "../core/document.ts";
import { LamplighterError, wordsOf } from "../core/errors.ts";
import { gatewayId, siteId } from "../core/ids.ts";
import { hours } from "../core/time.ts";
import { claimDataFolder } from "../platform/data-folder.ts";
import { aborted, Teardowns } from "../platform/lifecycle.ts";
import type { Log } from "../platform/log.ts";
import { connectMqtt } from "../platform/mqtt-client.ts";
import { Database } from "../platform/sqlite.ts";
import { Committer } from "./buffer/committer.ts";
import { markDamaged, openDiskBuffer } from "./buffer/open-buffer.ts";
import { BufferUpkeep } from "./buffer/upkeep.ts";
import { Executor } from "./commands/executor.ts";
import { Freeze, isGasPoint } from "./commands/freeze.ts";
import { Journal } from "./commands/journal.ts";
import { type GatewayConfiguration, parseGatewayConfiguration } from "./configuration.ts";
import { LineDoctor, watchedLines } from "./doctor/line-doctor.ts";
import { openSources } from "./open-sources.ts";
import { Pipeline } from "./pipeline/pipeline.ts";
import { buildPlant, type GatewayPlant } from "./plant.ts";
import { readProfiles } from "./read-profiles.ts";
import { personalKey, SecretFiles } from "./secrets.ts";
import { createPersonalHash } from "./sources/personal.ts";
import { lastWill, Uplink } from "./uplink/uplink.ts";

export const GATEWAY_VERSION = "0.1.0";
/** What the server has stored is kept for a server that comes back from yesterday's backup. */
const STORED_KEPT_FOR = hours(48);
const STORED_SHARE_MAX = 0.25;

export interface GatewayOptions {
  readonly configurationFile: string;
  readonly dataFolder: string;
  /** The profiles that come with the program unless set. */
  readonly profilesFolder?: string;
}

/** Runs until the signal aborts and everything has ended; throws when it cannot start. */
export async function runGateway(
  options: GatewayOptions,
  clock: Clock,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const { configuration, plant } = await readConfiguration(options);
  const secrets = new SecretFiles(options.configurationFile);
  const uplinkAccess = secrets.access(configuration.server);
  const address = {
    site: siteId(configuration.site),
    gateway: gatewayId(configuration.gateway),
  };
  const instance = randomBytes(6).toString("hex");
  const teardowns = new Teardowns(clock, log);
  const ending = new AbortController();
  try {
    const claim = claimDataFolder(options.dataFolder);
    teardowns.add("data folder", () => claim.release());

    const { bytesMax, keep } = configuration.buffer;
    const bufferFile = join(options.dataFolder, "buffer.sqlite");
    const buffer = openDiskBuffer(bufferFile, clock, log.child({ component: "buffer" }), {
      bytesMax,
      keep,
      storedBytesMax: bytesMax * STORED_SHARE_MAX,
      keepStored: STORED_KEPT_FOR,
    });
    teardowns.add("buffer", () => buffer.close());
    const committer = new Committer(clock, log.child({ component: "buffer" }), buffer);
    teardowns.add("committer", () => committer.stop());

    const client = connectMqtt({
      ...uplinkAccess,
      clientId: `lamplighter-${configuration.gateway}-${instance}`,
      will: lastWill(address, instance),
      clock,
      log: log.child({ component: "uplink" }),
    });
    teardowns.add("uplink client", () => client.close());
    const uplink = new Uplink(
      clock,
      log.child({ component: "uplink" }),
      { buffer, client },
      {
        address,
        instance,
        version: GATEWAY_VERSION,
        catalogue: { version: plant.catalogue.version, json: JSON.stringify(plant.catalogue) },
        onCommand: (message) => executor.handle(message),
      },
    );
    const pipeline = new Pipeline(log.child({ component: "pipeline" }), committer, {
      rules: plant.points,
      uplinkAwayFor: () => uplink.awayFor(),
    });
    committer.onCommit(() => uplink.pump());
    committer.onDamaged((error) => {
      markDamaged(bufferFile);
      ending.abort(error);
    });

    const sources = await openSources(
      {
        configuration,
        secrets,
        hash: createPersonalHash(personalKey(options.dataFolder)),
        pkiFolder: join(options.dataFolder, "pki"),
        sink: pipeline,
        clock,
        log,
        onStatus: (status) => log.debug("device", { ...status }),
        teardowns,
      },
      plant.connections,
    );

    const announced = plant.lines.map((line) => line.device);
    const doctor = new LineDoctor(clock, pipeline, watchedLines(announced, sources));

    const points = [...plant.points.values()];
    const freeze = new Freeze(
      points
        .filter((point) => isGasPoint(point.announced))
        .map(({ point, space, kind }) => ({ point, space, isState: kind === "state" })),
    );
    pipeline.onSample((sample) => freeze.note(sample));
    const journalFile = join(options.dataFolder, "commands.sqlite");
    const journal = new Journal(Database.open({ file: journalFile, commits: "durable" }));
    teardowns.add("command journal", () => journal.close());
    const executor = new Executor(clock, log.child({ component: "commands" }), {
      points: plant.points,
      sourceOf: (point) => sources.get(point.connection),
      freeze,
      journal,
      sink: pipeline,
      reply: (reply) => uplink.reply(reply),
    });

    const upkeep = new BufferUpkeep(clock, log.child({ component: "buffer" }), buffer);
    const loops = [
      uplink.run(ending.signal),
      executor.run(ending.signal),
      upkeep.run(ending.signal),
      doctor.run(ending.signal),
      ...[...sources.values()].map((source) => source.run(ending.signal)),
    ];
    const failed = (error: unknown): void => ending.abort(error);
    for (const loop of loops) loop.catch(failed);
    teardowns.add("loops", async () => {
      ending.abort();
      await Promise.allSettled(loops);
    });
    log.info("gateway ready", {
      version: GATEWAY_VERSION,
      ...address,
      catalogue: plant.catalogue.version,
      devices: plant.catalogue.devices.length,
      points: plant.points.size,
      waiting: buffer.size().bytes,
    });
    await Promise.race([aborted(signal), aborted(ending.signal)]);
    if (!signal.aborted) throw ending.signal.reason;
  } catch (error) {
    log.error("gateway ends", { why: wordsOf(error) });
    throw error;
  } finally {
    await teardowns.close();
  }
}

/** Every problem of the file and of what it names, at once, as one CONFIG_INVALID. */
export async function readConfiguration(
  options: GatewayOptions,
): Promise<{ configuration: GatewayConfiguration; plant: GatewayPlant }> {
  const file = options.configurationFile;
  const parsed = parseGatewayConfiguration(readText(file), file);
  if (!parsed.ok) throw invalid(formatProblems(parsed.error));
  const wanted = new Set(parsed.value.value.devices.map((device) => device.profile));
  const profiles = await readProfiles(wanted, options.profilesFolder);
  if (!profiles.ok) throw invalid(formatProblems(profiles.error));
  const plant = buildPlant(parsed.value, profiles.value);
  if (!plant.ok) throw invalid(formatProblems(plant.error));
  return { configuration: parsed.value.value, plant: plant.value };
}

const invalid = (problems: string): LamplighterError =>
  new LamplighterError("CONFIG_INVALID", `The configuration cannot be used:\n${problems}`);

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new LamplighterError(
      "CONFIG_INVALID",
      `Cannot read ${file}: ${wordsOf(error)}. Name the gateway's file with --config.`,
      { cause: error, fields: { file } },
    );
  }
}
