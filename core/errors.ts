/**
 * The one catalogue of operating errors: a closed list of codes, each with whether trying again may help
 * and which HTTP status it maps to. What each means and what to do is in `docs/errors.md`; a test holds
 * the two together. Programmer errors are not here: they crash.
 */
interface ErrorTraits {
  readonly retriable: boolean;
  readonly status: number;
}

const table = {
  // Start and configuration
  CONFIG_INVALID: { retriable: false, status: 422 },
  CONFIG_CHANGED: { retriable: true, status: 412 },
  DATA_FOLDER_UNWRITABLE: { retriable: false, status: 500 },
  DATA_FOLDER_IN_USE: { retriable: false, status: 500 },
  PORT_IN_USE: { retriable: false, status: 500 },
  DATABASE_TOO_NEW: { retriable: false, status: 500 },
  DATABASE_DAMAGED: { retriable: false, status: 500 },
  DISK_FULL: { retriable: true, status: 507 },
  USAGE: { retriable: false, status: 400 },
  SHUTDOWN_TIMEOUT: { retriable: false, status: 500 },
  // Devices
  CONNECTION_FAILED: { retriable: true, status: 502 },
  CONNECTION_LOST: { retriable: true, status: 502 },
  DEVICE_TIMEOUT: { retriable: true, status: 504 },
  DEVICE_EXCEPTION: { retriable: false, status: 502 },
  DEVICE_ANSWER_INVALID: { retriable: true, status: 502 },
  DEVICE_OFFLINE: { retriable: true, status: 503 },
  CERTIFICATE_UNTRUSTED: { retriable: false, status: 502 },
  // Uplink
  BROKER_UNREACHABLE: { retriable: true, status: 503 },
  BROKER_REFUSED: { retriable: false, status: 502 },
  BATCH_INVALID: { retriable: false, status: 400 },
  BATCH_TOO_LARGE: { retriable: false, status: 413 },
  CATALOGUE_INVALID: { retriable: false, status: 400 },
  GATEWAY_ID_IN_USE: { retriable: false, status: 409 },
  BUFFER_FULL: { retriable: true, status: 507 },
  // Commands
  COMMAND_REFUSED: { retriable: false, status: 409 },
  COMMAND_EXPIRED: { retriable: false, status: 504 },
  COMMAND_VALUE_INVALID: { retriable: false, status: 422 },
  POINT_NOT_COMMANDABLE: { retriable: false, status: 409 },
  ROOM_FROZEN: { retriable: true, status: 409 },
  IDEMPOTENCY_CONFLICT: { retriable: false, status: 409 },
  // HTTP
  REQUEST_INVALID: { retriable: false, status: 400 },
  NOT_SIGNED_IN: { retriable: false, status: 401 },
  SIGN_IN_FAILED: { retriable: false, status: 401 },
  NOT_PERMITTED: { retriable: false, status: 403 },
  NOT_FOUND: { retriable: false, status: 404 },
  CONFLICT: { retriable: false, status: 409 },
  BODY_TOO_LARGE: { retriable: false, status: 413 },
  RANGE_TOO_LARGE: { retriable: false, status: 422 },
  TOO_MANY_REQUESTS: { retriable: true, status: 429 },
  OVERLOADED: { retriable: true, status: 503 },
  INTERNAL: { retriable: false, status: 500 },
} as const satisfies Record<string, ErrorTraits>;

export type ErrorCode = keyof typeof table;
export const ERROR_CODES = Object.keys(table) as readonly ErrorCode[];

export const isRetriable = (code: ErrorCode): boolean => table[code].retriable;
export const httpStatusOf = (code: ErrorCode): number => table[code].status;

/** Plain values for log lines and problem details; never a secret. */
export type ErrorFields = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

/**
 * An operating error. The message says what failed, on what, why, with the numbers, and what to do;
 * callers switch on `code`, never on the message.
 */
export class LamplighterError extends Error {
  readonly code: ErrorCode;
  readonly fields: ErrorFields;

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly fields?: ErrorFields; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "LamplighterError";
    this.code = code;
    this.fields = options.fields ?? {};
  }
}

export const hasCode = (error: unknown, code: ErrorCode): error is LamplighterError =>
  error instanceof LamplighterError && error.code === code;

/** The words of anything thrown, for a message that adds its own context in front. */
export const wordsOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
