/**
 * Records a real Modbus TCP device by standing between it and its master, and plays a recording back in
 * its place. Bytes pass through unchanged; what is not Modbus passes too and is not written down.
 */
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../../core/clock.ts";
import { LamplighterError, wordsOf } from "../../core/errors.ts";
import { elapsed } from "../../core/time.ts";
import { aborted } from "../../platform/lifecycle.ts";
import { EXCEPTION, exceptionPdu } from "./answer.ts";
import { frame, type Request, unframe } from "./frame.ts";
import { EXCHANGES_MAX, formatExchange, Playback, parseRecording } from "./recording.ts";

const HOST = "127.0.0.1";
/** Questions of one master still without an answer. */
const OPEN_QUESTIONS_MAX = 256;

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface Tape {
  readonly port: number;
  /** Exchanges so far. */
  count(): number;
  close(): Promise<void>;
}

/** Listens on `port` and passes everything on to `target`; exchanges are appended to `file`. */
export async function startRecording(
  clock: Clock,
  options: { readonly file: string; readonly port: number; readonly target: Target },
): Promise<Tape> {
  const out = createWriteStream(options.file, { flags: "a", mode: 0o600 });
  await new Promise<void>((resolve, reject) => {
    out.once("open", () => resolve());
    out.once("error", reject);
  });
  const started = clock.monotonic();
  let count = 0;
  const sockets = new Set<Socket>();
  const server = createServer((master) => {
    const device = connect(options.target);
    for (const [from, to] of [
      [master, device],
      [device, master],
    ] as const) {
      sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
    pair(master, device, (unit, ask, answer) => {
      if (count >= EXCHANGES_MAX) return;
      count++;
      const at = Math.round(elapsed(started, clock.monotonic()));
      out.write(
        formatExchange({ at, unit, ask: ask.toString("hex"), answer: answer.toString("hex") }),
      );
    });
  });
  const port = await listen(server, options.port);
  return {
    port,
    count: () => count,
    close: async () => {
      await closeAll(server, sockets);
      await new Promise<void>((resolve) => out.end(() => resolve()));
    },
  };
}

type Exchanged = (unit: number, ask: Buffer, answer: Buffer) => void;

/** Passes bytes both ways and matches answers to questions by their transaction. */
function pair(master: Socket, device: Socket, exchanged: Exchanged): void {
  const open = new Map<number, Request>();
  listenTo(master, device, (request) => {
    if (open.size < OPEN_QUESTIONS_MAX) open.set(request.transaction, request);
  });
  listenTo(device, master, (answer) => {
    const asked = open.get(answer.transaction);
    if (asked === undefined || asked.unit !== answer.unit) return;
    open.delete(answer.transaction);
    exchanged(asked.unit, asked.pdu, answer.pdu);
  });
}

function listenTo(from: Socket, to: Socket, frameSeen: (frame: Request) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  from.on("data", (chunk) => {
    const bytes = Buffer.from(chunk);
    to.write(bytes);
    const seen = unframe("tcp", rest.length === 0 ? bytes : Buffer.concat([rest, bytes]));
    rest = seen.rest;
    for (const each of seen.requests) frameSeen({ ...each, pdu: Buffer.from(each.pdu) });
  });
}

/** Serves a recording; a question that is not in it is answered like a silent target. */
export async function startPlayback(options: {
  readonly file: string;
  readonly port: number;
}): Promise<Tape> {
  const parsed = parseRecording(await textOf(options.file));
  if (!parsed.ok) {
    throw new LamplighterError("CONFIG_INVALID", `Recording ${options.file}: ${parsed.error}`);
  }
  const playback = new Playback(parsed.value);
  let count = 0;
  const sockets = new Set<Socket>();
  const server = createServer((master) => {
    let rest: Buffer = Buffer.alloc(0);
    sockets.add(master);
    master.on("error", () => master.destroy());
    master.on("close", () => sockets.delete(master));
    master.on("data", (chunk) => {
      const seen = unframe("tcp", Buffer.concat([rest, Buffer.from(chunk)]));
      rest = seen.rest;
      for (const request of seen.requests) {
        count++;
        const recorded = playback.answerTo(request.unit, request.pdu);
        const silent = exceptionPdu(request.pdu[0] ?? 0, EXCEPTION.gatewayTargetSilent);
        master.write(frame("tcp", request, recorded ?? silent));
      }
      if (seen.broken) master.destroy();
    });
  });
  const port = await listen(server, options.port);
  return { port, count: () => count, close: () => closeAll(server, sockets) };
}

/** Runs a tape until the signal aborts. */
export async function runTape(tape: Tape, signal: AbortSignal): Promise<void> {
  await aborted(signal);
  await tape.close();
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const message = `Recording ${file} cannot be read: ${wordsOf(error)}`;
    throw new LamplighterError("CONFIG_INVALID", message, { cause: error });
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const message = `Cannot listen on ${HOST}:${port}: ${wordsOf(error)}; choose another with --listen`;
      reject(new LamplighterError("PORT_IN_USE", message, { cause: error }));
    });
    server.listen(port, HOST, () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : port);
    });
  });
}

function closeAll(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
