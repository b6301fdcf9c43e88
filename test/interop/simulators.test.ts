/** Strangers read the simulated campus: mbpoll and pymodbus over Modbus, mosquitto_sub over MQTT. */
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { demoCampus } from "../../simulators/campus/demo.ts";
import { type RunningCampus, startCampus } from "../../simulators/simulate.ts";
import { eventually } from "../support/eventually.ts";
import { freePort, isListening } from "../support/ports.ts";

const run = promisify(execFile);
const PYTHON = "/usr/bin/python3";
const FILE = new URL("simulators.py", import.meta.url).pathname;

const found = (program: string, ...args: readonly string[]): boolean =>
  spawnSync(program, [...args], { stdio: "ignore" }).error === undefined;
const hasPymodbus = spawnSync(PYTHON, ["-c", "import pymodbus"], { stdio: "ignore" }).status === 0;
const hasMosquitto = found("mosquitto_sub", "--help") && found("/usr/sbin/mosquitto", "-h");

/** A missing program leaves its test out with a plain word, or fails where everything must run. */
function withProgram(isThere: boolean, program: string, name: string, test: () => Promise<void>) {
  if (isThere) it(name, test);
  else if (process.env.LAMPLIGHTER_RINGS === "all") {
    it(name, () => expect.fail(`${program} is not installed: apt-get install ${program}`));
  } else it.skip(`${name}: ${program} is not installed, so this is left out`, () => {});
}

const demo = demoCampus();
const unitOf = (id: string): number => {
  const wire = demo.devices.find((device) => device.id === id)?.wire;
  return wire?.protocol === "modbus" ? wire.unit : 0;
};

let folder: string;
let broker: ChildProcess | undefined;
let brokerPort = 0;
let campus: RunningCampus;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "interop-"));
  brokerPort = await freePort();
  if (hasMosquitto) {
    const file = join(folder, "mosquitto.conf");
    writeFileSync(file, `listener ${brokerPort} 127.0.0.1\nallow_anonymous true\n`);
    broker = spawn("/usr/sbin/mosquitto", ["-c", file], { stdio: "ignore" });
    await eventually("Mosquitto listens", () => isListening(brokerPort));
  }
  campus = await startCampus(
    {
      campus: demo,
      seed: 1,
      ports: { modbusFirst: 0, opcua: 0, control: 0 },
      ...(hasMosquitto ? { mqtt: { url: `mqtt://127.0.0.1:${brokerPort}` } } : {}),
      dataDir: folder,
      timeOfDay: 615,
      withoutOpcua: true,
    },
    systemClock,
    silentLog,
  );
});

afterAll(async () => {
  await campus.stop();
  broker?.kill();
  rmSync(folder, { recursive: true, force: true });
});

const lamp = (room: string): boolean | undefined => {
  const position = campus.world.plan.roomPositions.get(room) ?? -1;
  return campus.world.rooms[position]?.lightOn;
};

async function mbpoll(...args: readonly string[]): Promise<string> {
  const port = String(campus.ports.modbus.a1);
  const all = ["-m", "tcp", "-p", port, "-0", "-1", ...args];
  const { stdout, stderr } = await run("mbpoll", all).catch((error: unknown) => ({
    stdout: String(Reflect.get(Object(error), "stdout")),
    stderr: String(Reflect.get(Object(error), "stderr")),
  }));
  return stdout + stderr;
}

describe("Modbus", () => {
  const hasMbpoll = found("mbpoll", "-h");

  withProgram(hasMbpoll, "mbpoll", "mbpoll reads the power of a building", async () => {
    const out = await mbpoll("-a", "2", "-t", "3:float", "-B", "-r", "52", "-c", "1", "127.0.0.1");
    const power = Number(/\[52\]:\s+([0-9.e+]+)/.exec(out)?.[1]);
    const { plan, flows } = campus.world;
    const flow = flows[plan.feederPositions.get("a1") ?? -1];
    expect(Math.abs(power / flow!.activeW - 1)).toBeLessThan(0.05);
  });

  withProgram(hasMbpoll, "mbpoll", "mbpoll is refused 81 registers", async () => {
    const out = await mbpoll("-a", "2", "-t", "3", "-r", "0", "-c", "81", "127.0.0.1");
    expect(out).toMatch(/Illegal data value/i);
  });

  withProgram(hasMbpoll, "mbpoll", "mbpoll switches a lamp", async () => {
    const unit = String(unitOf("a1-f1-lights"));
    const wanted = lamp("a1-102") ? "0" : "1";
    await mbpoll("-a", unit, "-t", "0", "-r", "1", "127.0.0.1", wanted);
    expect(lamp("a1-102")).toBe(wanted === "1");
  });

  withProgram(
    hasPymodbus,
    "python3-pymodbus",
    "pymodbus reads, writes and is refused",
    async () => {
      const port = String(campus.ports.modbus.a1);
      const { stdout } = await run(PYTHON, [FILE, port, String(unitOf("a1-f1-lights"))]);
      const seen: unknown = JSON.parse(stdout);
      const field = (name: string): unknown => Reflect.get(Object(seen), name);
      expect(field("power")).toBeGreaterThan(1_000);
      expect(seen).toMatchObject({
        registers: 80,
        tooMany: 3,
        wrongFunction: 1,
        nobody: 11,
        written: true,
      });
      const [before, after] = [field("before"), field("after")] as [boolean[], boolean[]];
      expect(after[0]).toBe(!before[0]);
      expect(lamp("a1-101")).toBe(after[0]);
    },
  );
});

describe("MQTT", () => {
  const listen = async (topic: string, count: number): Promise<readonly string[]> => {
    const args = ["-h", "127.0.0.1", "-p", String(brokerPort), "-t", topic, "-C", String(count)];
    const { stdout } = await run("mosquitto_sub", [...args, "-W", "10", "-v"]);
    return stdout.trim().split("\n");
  };

  withProgram(
    hasMosquitto,
    "mosquitto-clients",
    "mosquitto_sub hears a gas detector every second",
    async () => {
      const lines = await listen("campus/lab/chem-b214-gas-1/state", 3);
      const times = lines.map((line) => {
        const document: unknown = JSON.parse(line.slice(line.indexOf("{")));
        return Date.parse(String(Reflect.get(Object(document), "time")));
      });
      expect(lines[0]).toMatch(/"sensor_state":"normal"/);
      expect(times[2]! - times[0]!).toBeGreaterThan(1_500);
      expect(times[2]! - times[0]!).toBeLessThan(4_000);
    },
  );

  withProgram(
    hasMosquitto,
    "mosquitto-clients",
    "a device that loses its link is spoken for by its last will",
    async () => {
      const topic = "campus/door/gate-south/availability";
      const says = (word: string): Promise<boolean> =>
        eventually(word, async () => (await listen(topic, 1))[0] === `${topic} ${word}`);
      await says("online");
      campus.faults.set("device:gate-south", { kind: "disconnect" });
      await says("offline");
      campus.faults.clear("device:gate-south");
      await says("online");
    },
  );
});
