/**
 * Talking to InfluxDB, the one place that imports its client. Lines go out through the client's write API,
 * one awaited flush for each batch: batches that it would send by itself are never waited for, and its own
 * retries hide how far we are, so both are off. Questions are InfluxQL over `/query`, which 1.x, 2.x and 3
 * understand alike and the client package does not offer.
 */
import { HttpError, InfluxDB, type WriteApi } from "@influxdata/influxdb-client";
import { type ErrorCode, LamplighterError, wordsOf } from "../../../core/errors.ts";

/** Longer answers are refused: the question was too large. */
export const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
/** Lines of one write. */
export const WRITE_LINES_MAX = 10_000;
const TIMEOUT_MS_MAX = 30_000;
const GZIP_FROM_BYTES = 1_000;

export interface InfluxConnection {
  readonly url: string;
  /** Of 1.x; in 2.x the bucket that is mapped to it. */
  readonly database: string;
  /** Basic authentication, as 1.x knows it. */
  readonly username?: string;
  readonly password?: string;
  /** Of 2.x and 3. */
  readonly token?: string;
}

export class InfluxClient {
  readonly #connection: InfluxConnection;
  readonly #writes: WriteApi;

  constructor(connection: InfluxConnection) {
    this.#connection = connection;
    const influx = new InfluxDB({
      url: connection.url,
      headers: authorization(connection),
      timeout: TIMEOUT_MS_MAX,
    });
    this.#writes = influx.getWriteApi("", connection.database, "ns", {
      batchSize: WRITE_LINES_MAX + 1,
      maxBatchBytes: ANSWER_BYTES_MAX,
      flushInterval: 0,
      maxRetries: 0,
      maxBufferLines: 0,
      gzipThreshold: GZIP_FROM_BYTES,
      // The flush rejects with the error; without this the client would print it as well.
      writeFailed: (error) => Promise.reject(error),
    });
    const database = encodeURIComponent(connection.database);
    this.#writes.path = `/write?db=${database}&precision=ns`;
  }

  /** Durable in InfluxDB when it resolves; at most WRITE_LINES_MAX lines. */
  async write(lines: readonly string[]): Promise<void> {
    this.#writes.writeRecords([...lines]);
    try {
      await this.#writes.flush();
    } catch (error) {
      throw this.#refusal("write", error);
    }
  }

  /** Rows of the answer as text, by column; every series of the answer one after the other. */
  async query(text: string, signal?: AbortSignal): Promise<readonly InfluxRow[]> {
    const { url, database } = this.#connection;
    const timeout = AbortSignal.timeout(TIMEOUT_MS_MAX);
    const question = new URL("query", url.endsWith("/") ? url : `${url}/`);
    question.search = new URLSearchParams({ db: database, epoch: "ns" }).toString();
    try {
      const response = await fetch(question, {
        method: "POST",
        headers: { ...authorization(this.#connection), accept: "application/csv" },
        body: new URLSearchParams({ q: text }),
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
      const answer = await textOf(response);
      if (!response.ok) throw new HttpError(response.status, response.statusText, answer);
      return parseCsv(answer);
    } catch (error) {
      signal?.throwIfAborted();
      throw this.#refusal("query", error);
    }
  }

  /** Makes the database where it is missing; 2.x has buckets instead and refuses, which is no harm. */
  async createDatabase(): Promise<void> {
    const name = this.#connection.database.replaceAll('"', '\\"');
    await this.query(`CREATE DATABASE "${name}"`).catch(() => []);
  }

  async close(): Promise<void> {
    await this.#writes.close().catch(() => {});
  }

  #refusal(what: string, error: unknown): LamplighterError {
    if (error instanceof LamplighterError) return error;
    const { url, database } = this.#connection;
    const status = error instanceof HttpError ? error.statusCode : undefined;
    const why =
      error instanceof HttpError ? `${status} ${error.body ?? ""}`.trim() : reasonOf(error);
    return new LamplighterError(
      codeOf(status),
      `InfluxDB ${what} failed: ${new URL(url).host}, database "${database}": ${why.slice(0, 300)}. ${cureOf(status)}`,
      { cause: error, fields: { status } },
    );
  }
}

/** A row: column name → text; `time` is nanoseconds as digits. */
export type InfluxRow = ReadonlyMap<string, string>;

function authorization(connection: InfluxConnection): Record<string, string> {
  const { username, password, token } = connection;
  if (token !== undefined) return { authorization: `Token ${token}` };
  if (username === undefined) return {};
  const basic = Buffer.from(`${username}:${password ?? ""}`).toString("base64");
  return { authorization: `Basic ${basic}` };
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > ANSWER_BYTES_MAX) {
      throw new LamplighterError(
        "RANGE_TOO_LARGE",
        `InfluxDB's answer is longer than ${ANSWER_BYTES_MAX} bytes. Ask for a shorter range.`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function codeOf(status: number | undefined): ErrorCode {
  if (status === undefined) return "CONNECTION_FAILED";
  if (status === 400) return "REQUEST_INVALID";
  if (status === 413) return "BODY_TOO_LARGE";
  if (status === 429) return "TOO_MANY_REQUESTS";
  return "CONNECTION_FAILED";
}

function cureOf(status: number | undefined): string {
  if (status === undefined) return "Check that it runs and that the address is right.";
  if (status === 401 || status === 403) return "Check user and password, or the token.";
  if (status === 404) return "Check the database's name, in 2.x its mapping to a bucket.";
  return "It is tried again.";
}

/** `fetch failed` says nothing; its cause does. */
const reasonOf = (error: unknown): string =>
  error instanceof Error && error.cause !== undefined
    ? `${error.message} (${wordsOf(error.cause)})`
    : wordsOf(error);

/** RFC 4180, with a head line and an empty line between series. Throws what the answer says is wrong. */
export function parseCsv(text: string): readonly InfluxRow[] {
  const rows: InfluxRow[] = [];
  let names: readonly string[] | undefined;
  for (const cells of csvRecords(text)) {
    if (cells.length === 1 && cells[0] === "") {
      names = undefined;
    } else if (names === undefined) {
      names = cells;
    } else if (names[0] === "error") {
      throw new HttpError(400, "Bad Request", cells[0]);
    } else {
      rows.push(new Map(names.map((name, i) => [name, cells[i] ?? ""])));
    }
  }
  return rows;
}

function* csvRecords(text: string): Generator<readonly string[]> {
  let cells: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
  for (let found = cell.exec(text); found !== null; found = cell.exec(text)) {
    const [all, quoted, plain, end] = found;
    if (all === "" && cells.length === 0) return;
    cells.push(quoted === undefined ? (plain ?? "") : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    yield cells;
    cells = [];
    if (end === "") return;
  }
}
