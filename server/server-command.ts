/** `lamplighter server`: reads the command line, runs the server until interrupted. */

import { systemClock } from "../platform/clock.ts";
import { type Command, EXIT_DONE, parseOptions } from "../platform/command-line.ts";
import { createLog, parseLogLevel } from "../platform/log.ts";
import { runServer } from "./server.ts";

export const serverCommand: Command = {
  name: "server",
  summary: "stores what gateways send, raises alarms, serves API and pages",
  usage: [
    "usage: lamplighter server --config <folder> --data <folder> [--log info]",
    "",
    "  --config  folder with site.yaml, server.yaml and rules/",
    "  --data    folder for everything the server keeps; one server per folder",
    "  --log     debug, info, warn, error or silent; lines go to standard error",
  ].join("\n"),
  run: async ({ args, print, signal }) => {
    const { values } = parseOptions(args, {
      config: { type: "string", default: "config" },
      data: { type: "string", default: "data/server" },
      log: { type: "string", default: "info" },
    });
    const log = createLog({ name: "server", level: parseLogLevel(values.log) });
    const options = { configurationFolder: values.config, dataFolder: values.data, print };
    await runServer(options, systemClock, log, signal);
    return EXIT_DONE;
  },
};
