/**
 * The tools for the field against simulated devices on real ports: the tables that people see hold what
 * the devices tell, word for word. The simulators' encoder is not the gateway's decoder.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { ModbusProfile, OpcuaProfile } from "../../device-profiles/profile.ts";
import { discoverCommand } from "../../gateway/commissioning/discover-command.ts";
import { readCommand } from "../../gateway/commissioning/read-command.ts";
import { systemClock } from "../../platform/clock.ts";
import { type Command, runCommand } from "../../platform/command-line.ts";
import { silentLog } from "../../platform/log.ts";
import { startBroker } from "../../platform/mqtt-broker.ts";
import { connectMqtt } from "../../platform/mqtt-client.ts";
import { ModbusLineServer } from "../../simulators/modbus/line-server.ts";
import { DeviceMemory } from "../../simulators/modbus/memory.ts";
import { OpcuaCampusServer } from "../../simulators/opcua/server.ts";
import { CAMPUS_NAMESPACE } from "../../simulators/opcua/variable.ts";
import { eventually } from "../support/eventually.ts";
import { bank, startModbusDevice } from "../support/modbus-device.ts";
import { simulated } from "../support/simulated.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const campus = await simulated();

/** Captured from a Plus 1PM: github.com/iobroker-community-adapters/ioBroker.shelly/issues/438. */
const PLUS_1PM = `{"id": 0, "source": "init", "output": false, "apower": 0.000, "voltage": 240.873,
  "aenergy": {"total":0.000,"by_minute":[0.000,0.000,0.000],"minute_ts":1632666538},
  "temperature":{"tC":46.2, "tF":115.1}}`;

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function serve(
  units: Readonly<Record<number, string>>,
  transport: "tcp" | "rtu-over-tcp" = "tcp",
): Promise<string> {
  const devices = Object.entries(units).map(([unit, id]) => {
    const profile = campus.profiles.get(id) as ModbusProfile;
    const device = campus.generic(id);
    return { unit: Number(unit), device, bank: new DeviceMemory(device, profile) };
  });
  const server = new ModbusLineServer(systemClock, silentLog, campus.faults, {
    line: { id: "central", transport },
    devices,
    roll: () => 0,
  });
  const port = await server.listen(0);
  ends.push(() => server.close());
  return `${transport === "tcp" ? "tcp" : "rtu+tcp"}://127.0.0.1:${port}`;
}

async function run(command: Command, args: readonly string[], signal?: AbortSignal) {
  const printed: string[] = [];
  const complained: string[] = [];
  const code = await runCommand(command, {
    args,
    print: (line) => printed.push(line),
    complain: (line) => complained.push(line),
    signal: signal ?? new AbortController().signal,
  });
  return { code, text: printed.join("\n"), complained: complained.join("\n") };
}

/** The row of a point, its cells apart. */
const cells = (text: string, point: string): readonly string[] =>
  text
    .split("\n")
    .find((line) => line.startsWith(`${point} `))
    ?.trim()
    .split(/ {2,}/) ?? [];

/** What a stranger makes of the two words of a big-endian float32. */
function floatOf(words: string): number {
  const [high = "", low = ""] = words.split(" ");
  return Buffer.from(`${high}${low}`, "hex").readFloatBE();
}

describe("profiles read", () => {
  it.each(["tcp", "rtu-over-tcp"] as const)("shows words and true values over %s", async (way) => {
    const address = await serve({ 9: "eastron/sdm630" }, way);
    const args = ["eastron/sdm630", "--connection", address, "--unit", "9", "--once"];
    const { code, text } = await run(readCommand, args);
    expect(code).toBe(0);
    const device = campus.generic("eastron/sdm630");
    const profile = campus.profiles.get("eastron/sdm630") as ModbusProfile;
    for (const name of ["voltage_l1", "frequency", "energy_import"]) {
      const point = profile.points.find((candidate) => candidate.name === name)!;
      const told = device.value(point);
      const expected = told.kind === "value" ? Number(told.value) : Number.NaN;
      const [, words = "", value = "", unit] = cells(text, name);
      expect(floatOf(words)).toBeCloseTo(expected, 1);
      expect(Number(value)).toBeCloseTo(floatOf(words), 3);
      expect(unit).toBe(point.unit);
    }
    expect(text).toContain(`of ${profile.points.length} points have a value`);
  });

  it("tells each point's own error when the device refuses some of them", async () => {
    // 230.2 V in L1 as float32, and no other register: what a single-phase meter answers.
    const device = await startModbusDevice(new Map([[1, bank()]]));
    ends.push(() => device.close());
    device.behave = ({ pdu, normal }) => {
      const isVoltage = pdu.readUInt16BE(1) === 0 && pdu.readUInt16BE(3) === 2;
      return { pdu: isVoltage ? Buffer.from("040443663333", "hex") : normal() };
    };
    const args = ["eastron/sdm630", "--connection", `tcp://127.0.0.1:${device.port}`, "--once"];
    const { code, text } = await run(readCommand, args);
    expect(code).toBe(0);
    expect(cells(text, "voltage_l1").slice(0, 4)).toEqual([
      "voltage_l1",
      "4366 3333",
      "230.2",
      "V",
    ]);
    expect(text).toMatch(/^voltage_l2 .*exception 2 \(illegal data address\)$/m);
    expect(text).toContain("1 of 67 points have a value");
  });

  it("finds the models of a SunSpec meter by itself", async () => {
    const address = await serve({ 9: "sunspec/meter" });
    const args = ["sunspec/meter", "--connection", address, "--unit", "9", "--once"];
    const { code, text } = await run(readCommand, args);
    expect(code).toBe(0);
    expect(Number(cells(text, "frequency")[2])).toBeCloseTo(50, 0);
  });

  it("says that nothing answers, and fails", async () => {
    const device = await startModbusDevice(new Map());
    ends.push(() => device.close());
    const args = ["xy/md02", "--connection", `tcp://127.0.0.1:${device.port}`, "--once"];
    const { code, text } = await run(readCommand, args);
    expect(code).toBe(1);
    expect(text).toContain("did not answer within 1000 ms");
  });

  it("stops at Ctrl-C", async () => {
    const address = await serve({ 9: "xy/md02" });
    const abort = new AbortController();
    const args = ["xy/md02", "--connection", address, "--unit", "9", "--every", "20ms"];
    const printed: string[] = [];
    const code = await runCommand(readCommand, {
      args,
      print: (line) => {
        printed.push(line);
        if (printed.length === 3) abort.abort();
      },
      complain: () => {},
      signal: abort.signal,
    });
    expect(code).toBe(0);
    expect(printed).toHaveLength(3);
  });

  it.each([
    [["eastron/sdm999", "--connection", "tcp://127.0.0.1:1"], 'no profile "eastron/sdm999" (did'],
    [
      ["eastron/sdm630", "--connection", "mqtt://127.0.0.1:1"],
      "speaks modbus, the connection mqtt",
    ],
    [["eastron/sdm630"], "give --connection"],
    [["eastron/sdm630", "--connection", "tcp://127.0.0.1:1", "--unit", "x"], "0 to 255"],
  ])("refuses %j in a sentence", async (args, sentence) => {
    const { code, complained } = await run(readCommand, args);
    expect(code).toBe(2);
    expect(complained).toContain(sentence);
  });
});

describe("profiles read over other protocols", () => {
  it("shows an OPC UA device", async () => {
    const folder = temporaryFolder();
    const profile = campus.profiles.get("lamplighter/lighting-controller") as OpcuaProfile;
    const device = campus.generic(profile.id);
    const server = new OpcuaCampusServer(systemClock, silentLog, campus.faults, {
      devices: [{ device, profile, object: "any" }],
      dataDir: folder,
    });
    const port = await server.listen(0);
    ends.push(() => server.close());
    const { code, text } = await run(readCommand, [
      profile.id,
      ...["--connection", `opc.tcp://127.0.0.1:${port}/`, "--security", "None", "--once"],
      ...["--object", `${CAMPUS_NAMESPACE}#any`, "--pki", join(folder, "client")],
    ]);
    expect(code).toBe(0);
    const told = device.value(profile.points.find(({ name }) => name === "power_active")!);
    const [, value, unit] = cells(text, "power_active");
    const expected = told.kind === "value" ? Number(told.value) : Number.NaN;
    expect(Number(value)).toBeCloseTo(expected, 3);
    expect(unit).toBe("W");
    expect(text).not.toContain("words");
  });

  it("shows an MQTT device once it speaks", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "password"), "secret\n");
    const users = new Map([["any", { password: "secret", publish: ["#"], subscribe: ["#"] }]]);
    const broker = await startBroker({ port: 0, users, clock: systemClock, log: silentLog });
    ends.push(() => broker.close());
    const url = `mqtt://127.0.0.1:${broker.port}`;
    const login = { username: "any", password: "secret" };
    const device = connectMqtt({
      ...login,
      url,
      clientId: "shelly",
      clock: systemClock,
      log: silentLog,
    });
    ends.push(() => device.close());
    let isDone = false;
    const running = run(readCommand, [
      ...["shelly/plus-1pm", "--connection", url, "--topic", "hall", "--once", "--wait", "2s"],
      ...["--username", "any", "--password-file", join(folder, "password")],
    ]).finally(() => {
      isDone = true;
    });
    // The reader may subscribe at any moment, so the device says it again and again.
    await eventually("the table", async () => {
      const options = { qos: 0, retain: false } as const;
      await device.publish("hall/status/switch:0", PLUS_1PM, options);
      return isDone;
    });
    const { code, text } = await running;
    expect(code).toBe(0);
    expect(cells(text, "voltage_l1").slice(0, 3)).toEqual(["voltage_l1", "240.873", "V"]);
    expect(cells(text, "temperature_device").slice(0, 3)).toEqual([
      "temperature_device",
      "46.2",
      "Cel",
    ]);
  });
});

describe("discover", () => {
  const UNITS = { 3: "eastron/sdm630", 7: "sunspec/meter", 12: "xy/md02", 40: "abb/b23" };

  it.each(["tcp", "rtu-over-tcp"] as const)("finds units and names them over %s", async (way) => {
    const address = await serve(UNITS, way);
    const args = ["--connection", address, "--units", "1-12,40", "--timeout", "100ms"];
    const { code, text, complained } = await run(discoverCommand, args);
    expect(code).toBe(0);
    const rows = text.split("\n").slice(1);
    expect(rows.map((row) => Number(row.trim().split(" ")[0]))).toEqual([3, 7, 12, 40]);
    expect(rows[0]).toMatch(/ {2}eastron\/sdm630 \(\d+\/12\)/);
    expect(rows[1]).toMatch(/at 40000: models 1, 20\d.* {2}sunspec\/meter \(/);
    expect(rows[2]).toMatch(/ {2}xy\/md02 \(2\/2\)/);
    expect(rows[3]).toMatch(/ {2}abb\/b23 \(/);
    expect(complained).toContain("unit 12 answers");
  });

  it("asks no unit but those it was told", async () => {
    const device = await startModbusDevice(new Map([[5, bank({ 0: 1 })]]));
    ends.push(() => device.close());
    const args = ["--connection", `tcp://127.0.0.1:${device.port}`, "--units", "5,9"];
    const { code, text } = await run(discoverCommand, [...args, "--timeout", "50ms"]);
    expect(code).toBe(0);
    expect(text).toContain("no profile fits");
    expect([...new Set(device.requests.map(({ unit }) => unit))].sort()).toEqual([5, 9]);
    expect(new Set(device.requests.map(({ pdu }) => pdu[0]! <= 4))).toEqual(new Set([true]));
  });

  it("believes a device that says who it is", async () => {
    // TSI application note: input register 0 holds 8610; two low set points beside it.
    const device = await startModbusDevice(
      new Map([[1, bank({ 0: 8610, 1: 100, 2: 0, 3: 80, 4: 120 })]]),
    );
    ends.push(() => device.close());
    const args = ["--connection", `tcp://127.0.0.1:${device.port}`, "--units", "1"];
    const { text } = await run(discoverCommand, args);
    expect(text).toMatch(/ {2}tsi\/everwatch-8610 \(\d\/4, says so itself\)/);
  });

  it("says that nothing answers, and stops at Ctrl-C", async () => {
    const device = await startModbusDevice(new Map());
    ends.push(() => device.close());
    const abort = new AbortController();
    device.behave = () => {
      abort.abort();
      return undefined;
    };
    const args = ["--connection", `tcp://127.0.0.1:${device.port}`, "--timeout", "20ms"];
    const { code, text } = await run(discoverCommand, args, abort.signal);
    expect(code).toBe(1);
    expect(text).toContain("nothing answers");
    expect(device.requests).toHaveLength(1);
  });

  it.each([
    [[], "give --connection"],
    [["--connection", "mqtt://127.0.0.1"], "only Modbus has unit ids"],
    [["--connection", "tcp://127.0.0.1:1", "--units", "9-300"], "from 0 to 255"],
  ])("refuses %j in a sentence", async (args, sentence) => {
    const { code, complained } = await run(discoverCommand, args);
    expect(code).toBe(2);
    expect(complained).toContain(sentence);
  });
});
