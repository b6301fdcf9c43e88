/** Our Modbus source against servers that we did not write: libmodbus (C) and pymodbus (Python). */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { deviceId, type PointId } from "../../core/ids.ts";
import { milliseconds, seconds } from "../../core/time.ts";
import type { ModbusConnection } from "../../gateway/configuration.ts";
import { createModbusSource } from "../../gateway/sources/modbus/source.ts";
import type { SourceValue } from "../../gateway/sources/source.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { eventually } from "../support/eventually.ts";
import { at, BIG, modbusPoint, modbusProfile } from "../support/modbus-profile.ts";

interface Server {
  readonly connection: ModbusConnection;
  stop(): Promise<void>;
}

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const works = (program: string, ...words: string[]): boolean =>
  spawnSync(program, words, { stdio: "ignore" }).status === 0;

/** Starts a program and takes its first line: a port or a path. */
async function start(
  program: string,
  words: readonly string[],
): Promise<[string, () => Promise<void>]> {
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${program} ended with ${code}`)));
    child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString().trim()));
  });
  const stop = (): Promise<void> => {
    child.kill("SIGKILL");
    return ended;
  };
  return [line, stop];
}

const tcp = (port: string, transport: "tcp" | "rtu-over-tcp" = "tcp"): ModbusConnection => ({
  id: "line",
  protocol: "modbus",
  transport,
  host: "127.0.0.1",
  port: Number(port),
});

const serial = (path: string): ModbusConnection => ({
  id: "line",
  protocol: "modbus",
  transport: "serial",
  path,
  baud: 115_200,
  parity: "none",
  stopBits: 1,
});

async function libmodbus(kind: "tcp" | "rtu"): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), "libmodbus-"));
  const program = join(folder, "server");
  execFileSync("gcc", [
    ...["-O1", "-I/usr/include/modbus", here("modbus-libmodbus.c"), "-o", program, "-lmodbus"],
  ]);
  const [line, stop] = await start(program, [kind]);
  return {
    connection: kind === "tcp" ? tcp(line) : serial(line),
    stop: async () => {
      await stop();
      rmSync(folder, { recursive: true });
    },
  };
}

const PYTHON = ["python3", "/usr/bin/python3"].find((python) =>
  works(python, "-c", "import pymodbus"),
);

async function pymodbus(transport: "tcp" | "rtu-over-tcp"): Promise<Server> {
  const [port, stop] = await start(PYTHON ?? "python3", [here("modbus-pymodbus.py"), transport]);
  return { connection: tcp(port, transport), stop };
}

const profile = modbusProfile([
  modbusPoint("voltage", at(0, "float32")),
  modbusPoint("power", at(2, "int32"), { scale: 0.1 }),
  modbusPoint("swapped", at(4, "uint32", { order: { words: "little", bytes: "big" } })),
  modbusPoint("input", at(7, "uint16", { table: "input" })),
  modbusPoint("contact", at(3, "bit", { table: "discrete" }), { kind: "state" }),
  modbusPoint("missing", at(30)),
  modbusPoint("lamp", at(2, "bit", { table: "coil" }), {
    kind: "state",
    write: { function: "writeCoil", address: 2, type: "bit", order: BIG },
  }),
  modbusPoint("scene", at(5, "bit", { table: "coil" }), {
    kind: "state",
    write: { function: "writeCoils", address: 5, type: "bit", order: BIG },
  }),
  modbusPoint("level", at(8), {
    write: { function: "writeRegister", address: 8, type: "uint16", order: BIG },
  }),
  modbusPoint("setpoint", at(10, "float32"), {
    write: { function: "writeRegisters", address: 10, type: "float32", order: BIG },
  }),
  modbusPoint("mode", at(9, "uint16", { mask: 0x0070, shift: 4 }), {
    write: { function: "maskWrite", address: 9, type: "uint16", order: BIG },
  }),
]);

function interop(name: string, startServer: () => Promise<Server>): void {
  it(`${name}: reads, writes, reads back, and sets an illegal address aside`, async () => {
    const server = await startServer();
    const latest = new Map<PointId, SourceValue>();
    const abort = new AbortController();
    const source = createModbusSource({
      connection: server.connection,
      devices: [{ device: deviceId("d"), unit: 1, profile, settings: {} }],
      sink: { offer: (value) => latest.set(value.point, value), keep: async () => {} },
      clock: systemClock,
      log: silentLog,
      onStatus: () => {},
      periods: { power: milliseconds(100) },
    });
    const running = source.run(abort.signal);
    try {
      const expected = {
        power: -1,
        swapped: 0x12345678,
        input: 1_007,
        contact: 1,
        level: 1,
        mode: 2,
      };
      for (const [point, value] of Object.entries(expected)) {
        await eventually(point, () => {
          const sample = latest.get(`d/${point}` as PointId);
          return sample?.quality === "good" && sample.value === value;
        });
      }
      expect(latest.get("d/voltage" as PointId)).toMatchObject({ quality: "good" });
      await eventually("missing", () => latest.get("d/missing" as PointId)?.quality === "bad");
      expect(latest.get("d/missing" as PointId)).toMatchObject({ reason: "setAside" });
      const writes = { lamp: 1, scene: 1, level: 77, setpoint: 21.5, mode: 5 };
      for (const [name, value] of Object.entries(writes)) {
        const point = `d/${name}` as PointId;
        const answer = await source.write({ point, value, timeout: seconds(3) });
        expect([name, answer]).toEqual([name, { kind: "accepted" }]);
        expect(await source.read(point, seconds(3))).toMatchObject({ kind: "value", value });
      }
    } finally {
      abort.abort();
      await running;
      await server.stop();
    }
  });
}

function ring(name: string, isThere: boolean, hint: string, run: () => void): void {
  describe(name, () => {
    if (isThere) run();
    else if (process.env.LAMPLIGHTER_RINGS === "all") it("is found", () => expect.fail(hint));
    else it.skip(`is left out: ${hint}`, () => {});
  });
}

const hasLibmodbus =
  works("gcc", "--version") && works("test", "-e", "/usr/include/modbus/modbus.h");
ring(
  "libmodbus",
  hasLibmodbus,
  "needs gcc and libmodbus (apt-get install gcc libmodbus-dev)",
  () => {
    interop("Modbus TCP", () => libmodbus("tcp"));
    interop("serial line", () => libmodbus("rtu"));
  },
);

ring("pymodbus", PYTHON !== undefined, "needs pymodbus (apt-get install python3-pymodbus)", () => {
  interop("Modbus TCP", () => pymodbus("tcp"));
  interop("RTU over TCP", () => pymodbus("rtu-over-tcp"));
});
