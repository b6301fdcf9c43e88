import { getEventListeners } from "node:events";
import { createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { hasCode } from "../../core/errors.ts";
import { milliseconds, seconds } from "../../core/time.ts";
import { ModbusClient } from "../../gateway/sources/modbus/client.ts";
import { createTransport } from "../../gateway/sources/modbus/transport.ts";
import { gapOf, openSerial, silenceOf } from "../../gateway/sources/modbus/transport-serial.ts";
import { openTcp } from "../../gateway/sources/modbus/transport-tcp.ts";
import { systemClock } from "../../platform/clock.ts";
import { eventually } from "../support/eventually.ts";
import { bank, framed, rtuRequests, startModbusDevice } from "../support/modbus-device.ts";
import { hasPython, openPty, type Pty } from "../support/modbus-pty.ts";
import { mustRunAllRings } from "../support/rings.ts";
import { type Peer, transportSuite } from "./modbus-transport-suite.ts";

const never = new AbortController().signal;

async function tcpPeer(framing: "mbap" | "rtu", host = "127.0.0.1"): Promise<Peer> {
  const device = await startModbusDevice(new Map(), framing, { host });
  const sockets = (): Socket[] => [...device.connections];
  const peer: Peer = {
    wire: {
      openWire: openTcp({ host, port: device.port }, systemClock),
      framing,
      silence: milliseconds(40),
      gap: milliseconds(4),
      name: `${host}:${device.port}`,
    },
    onRequest: () => {},
    send: (bytes) => {
      for (const socket of sockets()) socket.write(bytes);
    },
    hangUp: async () => {
      for (const socket of sockets()) socket.resetAndDestroy();
    },
    close: () => device.close(),
  };
  device.behave = (asked) => {
    peer.onRequest(asked);
    return undefined;
  };
  return peer;
}

async function serialPeer(): Promise<Peer> {
  let pty: Pty = await openPty();
  const line = { path: "", baud: 115_200, parity: "none", stopBits: 1 } as const;
  const listen = (): void => {
    const requests = rtuRequests();
    pty.onBytes = (chunk) => {
      for (const request of requests(chunk)) peer.onRequest(request);
    };
  };
  const peer: Peer = {
    wire: {
      openWire: (events, signal) => openSerial({ ...line, path: pty.path })(events, signal),
      framing: "rtu",
      silence: silenceOf(line),
      gap: gapOf(line),
      name: "pty",
    },
    onRequest: () => {},
    send: (bytes) => pty.write(bytes),
    hangUp: async () => {
      await pty.unplug();
      pty = await openPty();
      listen();
    },
    close: () => pty.unplug(),
  };
  listen();
  return peer;
}

transportSuite("Modbus TCP", () => tcpPeer("mbap"));
transportSuite("Modbus TCP over IPv6", () => tcpPeer("mbap", "::1"));
transportSuite("RTU over TCP", () => tcpPeer("rtu"));
// With every ring asked for, a missing program fails the suite instead of leaving it out.
if (hasPython() || mustRunAllRings()) transportSuite("serial line", serialPeer);
else describe.skip("serial line: python3 is not there to make a pseudo-terminal", () => {});

describe("faults that modbus-serial has by itself", () => {
  async function client(): Promise<{
    readonly device: Awaited<ReturnType<typeof startModbusDevice>>;
    readonly read: (address: number) => Promise<readonly number[]>;
    readonly close: () => Promise<void>;
  }> {
    const registers = Object.fromEntries(Array.from({ length: 700 }, (_, i) => [i, i]));
    const device = await startModbusDevice(new Map([[1, bank(registers)]]));
    const openWire = openTcp({ host: "127.0.0.1", port: device.port }, systemClock);
    const options = {
      openWire,
      framing: "mbap",
      silence: milliseconds(0),
      gap: milliseconds(0),
      name: "device",
    } as const;
    const transport = createTransport({ ...options, clock: systemClock });
    await transport.open(never);
    const modbus = new ModbusClient(transport);
    const within = milliseconds(200);
    return {
      device,
      read: (address) => modbus.read({ unit: 1, table: "holding", address, count: 1, within }),
      close: async () => {
        await transport.close();
        await device.close();
      },
    };
  }

  it("an answer 256 requests late is not taken for another request's", async () => {
    const { device, read, close } = await client();
    let first: { readonly transaction: number; readonly unit: number } | undefined;
    let asked = 0;
    device.behave = ({ transaction, unit, pdu, socket, normal }) => {
      asked++;
      if (first === undefined) {
        first = { transaction, unit };
        return undefined;
      }
      if (asked === 257) socket.write(framed(first, Buffer.from([3, 2, 0x1b, 0x58]), "mbap"));
      expect(pdu.readUInt16BE(1)).toBe(asked - 1);
      return { pdu: normal() };
    };
    await expect(read(0)).rejects.toMatchObject({ code: "DEVICE_TIMEOUT" });
    for (let i = 1; i < 600; i++) expect(await read(i)).toEqual([i]);
    await close();
  });

  it("a reset in the middle of a request is heard at once", async () => {
    const { device, read, close } = await client();
    device.behave = () => ({ reset: true });
    const start = performance.now();
    await expect(read(0)).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    expect(performance.now() - start).toBeLessThan(150);
    await close();
  });

  it("the end of the stream in the middle of a request is heard at once", async () => {
    const { device, read, close } = await client();
    device.behave = () => ({ end: true });
    const start = performance.now();
    await expect(read(0)).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    expect(performance.now() - start).toBeLessThan(150);
    await close();
  });

  it("an exception brings its number", async () => {
    const { read, close } = await client();
    await expect(read(5_000)).rejects.toMatchObject({
      code: "DEVICE_EXCEPTION",
      fields: { exception: 2 },
    });
    await close();
  });
});

describe("opening", () => {
  it("says what failed when nobody listens", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    await new Promise((resolve) => server.close(resolve));
    const events = { bytes: () => {}, ended: () => {} };
    const opening = openTcp({ host: "127.0.0.1", port }, systemClock)(events, never);
    await expect(opening).rejects.toSatisfy((error) => hasCode(error, "CONNECTION_FAILED"));
  });

  it("says what failed when the serial port is not there", async () => {
    const line = { path: "/dev/serial/by-id/nothing", baud: 9_600, parity: "none", stopBits: 1 };
    const events = { bytes: () => {}, ended: () => {} };
    const opening = openSerial({ ...line, parity: "none", stopBits: 1 })(events, never);
    await expect(opening).rejects.toSatisfy((error) => hasCode(error, "CONNECTION_FAILED"));
  });

  it("leaves nothing behind, however often it fails", async () => {
    const { signal } = new AbortController();
    const openWire = openTcp({ host: "127.0.0.1", port: 1 }, systemClock);
    const before = process.getActiveResourcesInfo().length;
    for (let i = 0; i < 50; i++) {
      await openWire({ bytes: () => {}, ended: () => {} }, signal).catch(() => undefined);
    }
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    await eventually("no resource more", () => process.getActiveResourcesInfo().length <= before);
  });

  it("leaves no socket behind when it is given up", async () => {
    const device = await startModbusDevice(new Map());
    const abort = new AbortController();
    const openWire = openTcp({ host: "127.0.0.1", port: device.port }, systemClock);
    const opening = openWire({ bytes: () => {}, ended: () => {} }, abort.signal);
    abort.abort();
    await expect(opening).rejects.toMatchObject({ code: "CONNECTION_FAILED" });
    await eventually("no connection", () => device.connections.size === 0, seconds(2));
    await device.close();
  });
});
