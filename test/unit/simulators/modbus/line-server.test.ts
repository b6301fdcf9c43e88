import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { seconds } from "../../../../core/time.ts";
import type { ModbusProfile } from "../../../../device-profiles/profile.ts";
import { systemClock } from "../../../../platform/clock.ts";
import { silentLog } from "../../../../platform/log.ts";
import { ModbusLineServer } from "../../../../simulators/modbus/line-server.ts";
import { DeviceMemory } from "../../../../simulators/modbus/memory.ts";
import { cutPower } from "../../../../simulators/world/act.ts";
import { eventually } from "../../../support/eventually.ts";
import { hex, toHex } from "../../../support/hex.ts";
import { type Simulated, simulated } from "../../../support/simulated.ts";

let campus: Simulated;
let server: ModbusLineServer;
let port: number;
const sockets: Socket[] = [];

async function open(transport: "tcp" | "rtu-over-tcp"): Promise<void> {
  campus = await simulated();
  const devices = ["a1-main", "a1-f1-lights", "a1-101-sensor"].map((id, i) => {
    const device = campus.device(id);
    return { unit: i + 2, device, bank: new DeviceMemory(device, device.profile as ModbusProfile) };
  });
  const line = { id: "a1", transport };
  const options = { line, devices, roll: () => 0 };
  server = new ModbusLineServer(systemClock, silentLog, campus.faults, options);
  port = await server.listen(0);
}

beforeEach(() => open("tcp"));
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.close();
});

interface Master {
  readonly socket: Socket;
  received(): string;
  isClosed(): boolean;
}

async function master(): Promise<Master> {
  const socket = connect({ host: "127.0.0.1", port });
  sockets.push(socket);
  let bytes: Buffer = Buffer.alloc(0);
  let closed = false;
  socket.on("data", (more) => {
    bytes = Buffer.concat([bytes, Buffer.from(more)]);
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    closed = true;
  });
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  return { socket, received: () => toHex(bytes), isClosed: () => closed };
}

async function asked(request: string): Promise<string> {
  const { socket, received } = await master();
  socket.write(hex(request));
  return eventually("an answer", () => received() || undefined, seconds(3));
}

/** Two answers on one connection: the second shows that the first was met with silence. */
async function askedTwice(first: string, second: string): Promise<string> {
  const { socket, received } = await master();
  socket.write(Buffer.concat([hex(first), hex(second)]));
  return eventually("an answer", () => received() || undefined, seconds(3));
}

const RELAYS = "00 02 00 00 00 06 03 01 00 00 00 08";
const RELAYS_ANSWERED = /^00 02 00 00 00 04 03 01 01/;

describe("one port, several units", () => {
  it("answers each unit from its own device", async () => {
    expect(await asked(RELAYS)).toMatch(RELAYS_ANSWERED);
    expect(await asked("00 01 00 00 00 06 04 04 00 00 00 01")).toMatch(
      /^00 01 00 00 00 05 04 04 02/,
    );
  });

  it("says for a unit nobody has that the target is silent", async () => {
    expect(await asked("00 01 00 00 00 06 63 04 00 00 00 01")).toBe("00 01 00 00 00 03 63 84 0B");
  });

  it("answers requests in pieces and several in one", async () => {
    const { socket, received } = await master();
    socket.write(hex("00 01 00 00 00 06"));
    socket.write(hex("03 01 00 00 00 08 00 02 00 00 00 06 03 01 00 00 00 08"));
    await eventually("both answers", () => received().split("03 01 01").length === 3);
  });

  it("drops a connection that does not speak Modbus and serves the next", async () => {
    const { socket, isClosed } = await master();
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await eventually("the connection to be dropped", isClosed);
    expect(await asked(RELAYS)).toMatch(RELAYS_ANSWERED);
  });

  it("takes a broadcast without a word", async () => {
    const answered = await askedTwice("00 01 00 00 00 06 00 05 00 00 FF 00", RELAYS);
    expect(answered).toMatch(RELAYS_ANSWERED);
    const { plan, rooms } = campus.world;
    expect(rooms[plan.roomPositions.get("a1-101")!]!.lightOn).toBe(true);
  });
});

describe("faults", () => {
  const METER = "00 01 00 00 00 06 02 04 00 34 00 02";

  it("a dead meter is silent and its neighbour is not", async () => {
    campus.faults.set("device:a1-main", { kind: "silence", share: 1 });
    expect(await askedTwice(METER, RELAYS)).toMatch(RELAYS_ANSWERED);
  });

  it("a power cut silences what hangs on it", async () => {
    cutPower(campus.world, "a1");
    campus.faults.set("device:a1-f1-lights", { kind: "stuck" });
    const { socket, received } = await master();
    socket.write(Buffer.concat([hex(METER), hex(RELAYS)]));
    socket.write(hex("00 09 00 00 00 06 63 04 00 00 00 01"));
    expect(await eventually("an answer", () => received() || undefined)).toMatch(/^00 09/);
  });

  it.each([
    ["an exception", { kind: "exception", code: 6, share: 1 }, /^00 01 00 00 00 03 02 84 06$/],
    ["another unit's id", { kind: "wrongUnit", share: 1 }, /^00 01 00 00 00 07 7D 04 04/],
  ] as const)("%s", async (_, fault, expected) => {
    campus.faults.set("device:a1-main", fault);
    expect(await asked(METER)).toMatch(expected);
  });

  it("a reset cuts the connection", async () => {
    campus.faults.set("device:a1-main", { kind: "reset", share: 1 });
    const { socket, isClosed, received } = await master();
    socket.write(hex(METER));
    await eventually("the connection to be cut", isClosed);
    expect(received()).toBe("");
  });

  it("an unreachable line takes nobody in, and takes them again", async () => {
    campus.faults.set("line:a1", { kind: "refuseConnections" });
    const { isClosed } = await master();
    await eventually("the connection to be dropped", isClosed);
    campus.faults.clear("line:a1");
    expect(await asked(RELAYS)).toMatch(RELAYS_ANSWERED);
  });

  it("a slow line spaces its answers", async () => {
    // 9 + 12 bytes of 11 bits at 1200 baud: about a quarter of a second each.
    campus.faults.set("line:a1", { kind: "baud", baud: 1_200 });
    const start = performance.now();
    const { socket, received } = await master();
    socket.write(Buffer.concat([hex(METER), hex(METER)]));
    await eventually("both answers", () => received().split("02 04 04").length === 3);
    expect(performance.now() - start).toBeGreaterThan(350);
  });
});

describe("RTU over TCP", () => {
  it("carries the checksum and is silent for a unit nobody has", async () => {
    await server.close();
    await open("rtu-over-tcp");
    const { socket, received } = await master();
    // Unit 99 first; then unit 3 reads its eight relays.
    socket.write(hex("63 01 00 00 00 08 35 8E 03 01 00 00 00 08 3C 2E"));
    const answered = await eventually("an answer", () => received() || undefined);
    expect(answered).toMatch(/^03 01 01 [0-9A-F]{2} [0-9A-F]{2} [0-9A-F]{2}$/);
  });
});
