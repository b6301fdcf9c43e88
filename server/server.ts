/**
 * The composition root of the server: one straight line that builds every part in the order the data
 * flows and registers how each ends beside it. Long on purpose; splitting it would hide the flow.
 *
 *   broker ─► ingest ─► store (log) ─► rules ─► alarms ─► notifications
 *                 │                └─► latest ─► control ─► commands ─► outlet ─► broker
 *                 └─► live stream, API, pages
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Clock } from "../core/clock.ts";
import { wordsOf } from "../core/errors.ts";
import { siteId } from "../core/ids.ts";
import { claimDataFolder } from "../platform/data-folder.ts";
import { aborted, Teardowns } from "../platform/lifecycle.ts";
import type { Log } from "../platform/log.ts";
import { connectMqtt } from "../platform/mqtt-client.ts";
import { AlarmBook } from "./alarms/alarm-book.ts";
import { OutOfServiceBook } from "./alarms/out-of-service.ts";
import { Accounts } from "./api/auth/accounts.ts";
import { type HttpServer, startHttp } from "./api/http-server.ts";
import { alarmRoutes } from "./api/routes/alarms.ts";
import { commandRoutes } from "./api/routes/commands.ts";
import { doctorRoutes } from "./api/routes/doctor.ts";
import { healthRoutes } from "./api/routes/health.ts";
import { importRoutes } from "./api/routes/import.ts";
import { liveRoutes } from "./api/routes/live.ts";
import { outOfServiceRoutes } from "./api/routes/out-of-service.ts";
import { plantRoutes } from "./api/routes/plant.ts";
import { ruleRoutes } from "./api/routes/rules.ts";
import { seriesRoutes } from "./api/routes/series.ts";
import { sessionRoutes } from "./api/routes/session.ts";
import { apiAlarms, apiCommands } from "./api-fit.ts";
import { CommandDesk } from "./commands/command-desk.ts";
import { readPassword, readServerFolder } from "./configuration-folder.ts";
import { ControlLoop } from "./control/control-loop.ts";
import { gaugesOf, healthOf } from "./health.ts";
import { createIngest } from "./ingest/ingest.ts";
import { Journal } from "./journal.ts";
import { Notifier } from "./notify/notifier.ts";
import { createWebhook } from "./notify/webhook.ts";
import { openRecords } from "./open-records.ts";
import { RuleBook } from "./rules/rule-book.ts";
import { RuleEngine } from "./rules/rule-engine.ts";
import { createSpaces } from "./spaces.ts";
import { openStore } from "./store/open-store.ts";
import { openUplinkBroker } from "./uplink-broker.ts";
import { SERVER_USER } from "./uplink-users.ts";

export const VERSION = "0.1.0";

export interface ServerOptions {
  readonly configurationFolder: string;
  readonly dataFolder: string;
  /** For what the person who starts it should know. */
  readonly print: (line: string) => void;
  /** Called once everything answers. */
  readonly onReady?: (http: HttpServer) => void;
}

/** Runs until the signal aborts and everything has ended; throws when it cannot start. */
export async function runServer(
  options: ServerOptions,
  clock: Clock,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const started = clock.monotonic();
  const folder = readServerFolder(options.configurationFolder);
  const site = siteId(folder.site.site.id);
  const teardowns = new Teardowns(clock, log);
  const ending = new AbortController();
  const failed = (error: unknown): void => ending.abort(error);
  try {
    const claim = claimDataFolder(options.dataFolder);
    teardowns.add("data folder", () => claim.release());
    const records = openRecords(options.dataFolder);
    teardowns.add("records", () => records.close());
    const journal = new Journal(records, clock);
    const accounts = new Accounts(records, clock, journal);
    const spaces = createSpaces(folder.site.spaces);
    const store = await openStore(folder.server.store, {
      folder: join(options.dataFolder, "series"),
      zone: folder.site.site.zone,
      clock,
      log: log.child({ component: "store" }),
      onFailure: failed,
      readSecret: (file) => readPassword(folder.path, file),
      random: Math.random,
    });
    teardowns.add("store", () => store.close());

    const broker = await openUplinkBroker(folder, clock, log.child({ component: "broker" }));
    teardowns.add("broker", () => broker.close());
    const client = connectMqtt({
      ...broker.access,
      clientId: `${SERVER_USER}-${site}`,
      clock,
      log: log.child({ component: "uplink" }),
    });
    teardowns.add("uplink client", () => client.close());
    const ingest = await createIngest(
      clock,
      log.child({ component: "ingest" }),
      { client, store, database: records },
      site,
    );

    const book = new AlarmBook(clock, records, spaces);
    const outOfService = new OutOfServiceBook({
      clock,
      db: records,
      plant: ingest.registry,
      book,
    });
    const notifier = new Notifier(
      {
        clock,
        log: log.child({ component: "notify" }),
        db: records,
        book,
        isSilent: (point) => outOfService.isSilent(point),
        random: Math.random,
      },
      folder.server.notifications.map((channel) => createWebhook(clock, channel)),
    );
    const ruleBook = new RuleBook(join(folder.path, "rules"), (by, rule, before) =>
      journal.write(by, "rule changed", {
        rule: rule.id,
        version: rule.version,
        before: before?.version,
      }),
    );
    const rules = new RuleEngine(
      {
        clock,
        log: log.child({ component: "rules" }),
        db: records,
        samples: store,
        plant: ingest.registry,
        spaces,
        book,
      },
      ruleBook.rules(),
    );
    const desk = new CommandDesk({
      clock,
      log: log.child({ component: "commands" }),
      db: records,
      plant: ingest.registry,
      spaces,
      book,
      outlet: ingest.outlet,
    });
    const control = new ControlLoop(
      {
        clock,
        log: log.child({ component: "control" }),
        db: records,
        plant: ingest.registry,
        spaces,
        latest: ingest.latest,
        desk,
        book,
      },
      ruleBook.rules(),
    );

    ruleBook.onChange((all) => {
      rules.update(all);
      control.update(all);
    });

    const figures = {
      clock,
      started,
      version: VERSION,
      client,
      ingest,
      store,
      rules,
      book,
      notifier,
    };
    const http = await startHttp(
      {
        clock,
        log: log.child({ component: "http" }),
        site: folder.site.site,
        spaces,
        plant: ingest.registry,
        latest: ingest.latest,
        series: store,
        appender: store,
        alarms: apiAlarms(book, spaces),
        commands: apiCommands(desk, spaces),
        accounts,
        journal,
        health: () => healthOf(figures),
        gauges: gaugesOf(figures),
        version: VERSION,
      },
      [
        sessionRoutes,
        healthRoutes,
        plantRoutes,
        seriesRoutes,
        alarmRoutes,
        commandRoutes,
        ruleRoutes({
          clock,
          rules: ruleBook,
          engine: rules,
          plant: ingest.registry,
          spaces,
          series: store,
        }),
        outOfServiceRoutes(outOfService),
        doctorRoutes,
        importRoutes,
        liveRoutes,
      ],
      {
        ...folder.server.http,
        pagesFolder: fileURLToPath(new URL("./dashboard/dist/", import.meta.url)),
      },
    );
    teardowns.add("http", () => http.close());

    const loops = Promise.all(
      [ingest, book, outOfService, rules, notifier, desk, control].map((part) =>
        part.run(ending.signal),
      ),
    ).catch(failed);
    teardowns.add("loops", async () => {
      ending.abort();
      await loops;
    });
    const address = `http://${http.host}:${http.port}/`;
    log.info("server ready", {
      version: VERSION,
      address,
      site,
      rules: folder.rules.length,
      points: ingest.registry.points().length,
    });
    options.print(`The pages are at ${address}`);
    if (accounts.isEmpty) {
      options.print(
        `Nobody can sign in yet. Make the first user with: lamplighter user add <name> --role administrator --data ${options.dataFolder}`,
      );
    }
    options.onReady?.(http);
    await Promise.race([aborted(signal), aborted(ending.signal)]);
    if (!signal.aborted) throw ending.signal.reason;
  } catch (error) {
    log.error("server ends", { why: wordsOf(error) });
    throw error;
  } finally {
    await teardowns.close();
    log.info("server ended");
  }
}
