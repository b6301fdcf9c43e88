/** `lamplighter gateway`: reads the command line, runs the gateway until interrupted. */
import { systemClock } from "../platform/clock.ts";
import { type Command, EXIT_DONE, parseOptions } from "../platform/command-line.ts";
import { createLog, parseLogLevel } from "../platform/log.ts";
import { runGateway } from "./gateway.ts";

export const gatewayCommand: Command = {
  name: "gateway",
  summary: "reads devices and passes their samples on to the server",
  usage: [
    "usage: lamplighter gateway --config <file> --data <folder> [--profiles <folder>] [--log info]",
    "",
    "  --config    the gateway's file, such as config/gateways/gw-1.yaml",
    "  --data      folder for what waits for the server; one gateway per folder",
    "  --profiles  device profiles instead of the ones that come with the program",
    "  --log       debug, info, warn, error or silent; lines go to standard error",
  ].join("\n"),
  run: async ({ args, signal }) => {
    const { values } = parseOptions(args, {
      config: { type: "string", default: "config/gateway.yaml" },
      data: { type: "string", default: "data/gateway" },
      profiles: { type: "string" },
      log: { type: "string", default: "info" },
    });
    const log = createLog({ name: "gateway", level: parseLogLevel(values.log) });
    const { profiles } = values;
    const options = {
      configurationFile: values.config,
      dataFolder: values.data,
      ...(profiles === undefined ? {} : { profilesFolder: profiles }),
    };
    await runGateway(options, systemClock, log, signal);
    return EXIT_DONE;
  },
};
