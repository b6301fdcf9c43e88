/**
 * Structured log lines through pino, the one place that imports it. Messages are constant words; values
 * are fields. Fields that could hold a secret are replaced before anything is written.
 */

import { type DestinationStream, type Logger, pino, stdSerializers, stdTimeFunctions } from "pino";
import { LamplighterError } from "../core/errors.ts";

export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(fields: LogFields): Log;
}

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const SECRET_FIELDS = ["password", "token", "secret", "authorization", "cookie", "privateKey"];
const redactPaths = SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

export interface LogOptions {
  readonly name: string;
  readonly level: LogLevel;
  /** Standard error when left out, so that standard output stays for what a command prints. */
  readonly destination?: DestinationStream;
}

export function createLog(options: LogOptions): Log {
  const logger = pino(
    {
      name: options.name,
      level: options.level,
      base: { name: options.name, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: stdSerializers.err },
      redact: { paths: redactPaths, censor: "[secret]" },
    },
    options.destination ?? pino.destination({ dest: 2, sync: false }),
  );
  return wrap(logger);
}

type Pino = Pick<Logger, "debug" | "info" | "warn" | "error"> & {
  child(fields: LogFields): Pino;
};

function wrap(logger: Pino): Log {
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
    child: (fields) => wrap(logger.child(fields)),
  };
}

export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};

/** Throws USAGE on a word that is no level. */
export function parseLogLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((l) => l === text);
  if (level !== undefined) return level;
  throw new LamplighterError("USAGE", `--log "${text}" is none of ${LOG_LEVELS.join(", ")}`);
}
