/**
 * Calling functions in a worker thread: numbered requests and answers over its message port, a limit on
 * what may wait, errors that keep their code, and an end that rejects whatever was pending.
 */
import { flushCompileCache } from "node:module";
import { parentPort, Worker } from "node:worker_threads";
import {
  ERROR_CODES,
  type ErrorCode,
  type ErrorFields,
  LamplighterError,
  wordsOf,
} from "../../../../core/errors.ts";

/** More calls waiting for one thread are refused with OVERLOADED. */
export const CALLS_PENDING_MAX = 1_000;

/** Of each thread; its work is mostly in buffers. */
const YOUNG_GENERATION_MB_MAX = 4;

interface CallMessage {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

type AnswerMessage =
  | { readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly id: number; readonly ok: false; readonly error: ThreadError };

interface ThreadError {
  readonly code: string;
  readonly message: string;
  readonly fields: ErrorFields;
}

/** The functions of a thread: one argument, one result, both cloneable. */
export type Calls = { readonly [name: string]: (argument: never) => unknown };
type Argument<C extends Calls, K extends keyof C> = Parameters<C[K]>[0];
type Result<C extends Calls, K extends keyof C> = Awaited<ReturnType<C[K]>>;

interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

export interface WorkerOptions {
  /** In messages: "the store's writer". */
  readonly name: string;
  readonly file: URL;
  readonly data: unknown;
  /** Folder in which Node keeps compiled sources for the next start. */
  readonly compiled: string;
  /** Called once when the thread ends without having been asked to. */
  readonly onFailure: (error: LamplighterError) => void;
}

export class WorkerThread<C extends Calls> {
  readonly #worker: Worker;
  readonly #name: string;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #ended: LamplighterError | undefined;
  #isClosing = false;

  constructor(options: WorkerOptions) {
    this.#name = options.name;
    this.#worker = new Worker(options.file, {
      workerData: options.data,
      execArgv: [],
      // Three quarters of a thread's memory would otherwise be the compiler that strips its types.
      env: { NODE_COMPILE_CACHE: options.compiled, ...process.env },
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB_MAX },
    });
    this.#worker.on("message", (message: AnswerMessage) => this.#onAnswer(message));
    let cause: unknown;
    this.#worker.on("error", (error) => {
      cause = error;
    });
    this.#worker.on("exit", (code) => {
      const why = cause === undefined ? `exit code ${code}` : wordsOf(cause);
      const error = new LamplighterError("INTERNAL", `${this.#name} ended: ${why}.`, { cause });
      this.#ended = error;
      const pending = [...this.#pending.values()];
      this.#pending.clear();
      for (const call of pending) call.reject(error);
      if (!this.#isClosing) options.onFailure(error);
    });
  }

  get pending(): number {
    return this.#pending.size;
  }

  call<K extends keyof C & string>(
    name: K,
    argument: Argument<C, K>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Result<C, K>> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    if (this.#pending.size >= CALLS_PENDING_MAX) {
      return Promise.reject(
        new LamplighterError(
          "OVERLOADED",
          `${this.#name} has ${CALLS_PENDING_MAX} calls waiting. Try again in a moment.`,
        ),
      );
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ id, name, argument } satisfies CallMessage, [...transfer]);
    });
  }

  /** Stops the thread after the calls it is working on; those answered by then have been answered. */
  async end(): Promise<void> {
    this.#isClosing = true;
    await this.#worker.terminate();
  }

  #onAnswer(message: AnswerMessage): void {
    const call = this.#pending.get(message.id);
    if (call === undefined) return;
    this.#pending.delete(message.id);
    if (message.ok) call.resolve(message.result as never);
    else call.reject(revived(message.error));
  }
}

/** A result whose buffers move to the caller instead of being copied. */
export class Transferred {
  readonly result: unknown;
  readonly buffers: readonly ArrayBuffer[];
  constructor(result: unknown, buffers: readonly ArrayBuffer[]) {
    this.result = result;
    this.buffers = buffers;
  }
}

/**
 * Frees a buffer at once. Left to the garbage collector, each thread would let some 60 MB of them gather.
 */
export const giveBack = (buffer: ArrayBufferLike): void => {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
};

/** Answers calls in a worker thread, in the order in which they come. */
export function answerCalls(calls: Readonly<Record<string, (argument: never) => unknown>>): void {
  const port = parentPort;
  if (port === null) throw new Error("answerCalls is for worker threads");
  const answer = async ({ id, name, argument }: CallMessage): Promise<void> => {
    try {
      const call = calls[name];
      if (call === undefined) throw new Error(`unknown call ${name}`);
      const returned = await call(argument as never);
      const isTransferred = returned instanceof Transferred;
      const result = isTransferred ? returned.result : returned;
      const message: AnswerMessage = { id, ok: true, result };
      port.postMessage(message, isTransferred ? [...returned.buffers] : []);
    } catch (error) {
      const message: AnswerMessage = { id, ok: false, error: flattened(error) };
      port.postMessage(message);
    }
  };
  port.on("message", (message: CallMessage) => {
    void answer(message);
  });
  // A thread that is terminated does not always leave what it compiled for the next start.
  setImmediate(() => flushCompileCache());
}

/** SQLite's own result codes that mean something to people. */
const SQLITE_FULL = 13;
const SQLITE_CORRUPT = 11;
const SQLITE_NOT_A_DATABASE = 26;

function flattened(error: unknown): ThreadError {
  if (error instanceof LamplighterError) {
    return { code: error.code, message: error.message, fields: error.fields };
  }
  const sqlite = (error as { errcode?: unknown } | undefined)?.errcode;
  const message = wordsOf(error);
  if (sqlite === SQLITE_FULL) {
    return {
      code: "DISK_FULL",
      message: `The store cannot write: the disk is full (${message}). Free space on it.`,
      fields: {},
    };
  }
  if (sqlite === SQLITE_CORRUPT || sqlite === SQLITE_NOT_A_DATABASE) {
    return {
      code: "DATABASE_DAMAGED",
      message: `A file of the store is damaged (${message}). Restore it from a backup.`,
      fields: {},
    };
  }
  return { code: "INTERNAL", message: `The store failed: ${message}`, fields: {} };
}

function revived(error: ThreadError): LamplighterError {
  const code: ErrorCode = ERROR_CODES.find((known) => known === error.code) ?? "INTERNAL";
  return new LamplighterError(code, error.message, { fields: error.fields });
}
