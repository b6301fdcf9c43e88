/** A gateway in Python, written from docs/uplink.md alone, is understood by our server. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CommandId, commandId, gatewayId, type PointId } from "../../core/ids.ts";
import { seconds } from "../../core/time.ts";
import { eventually } from "../support/eventually.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { RIG_USER, SITE, type TestServer, UplinkRig } from "../support/uplink-rig.ts";

const SCRIPT = fileURLToPath(new URL("./uplink-gateway.py", import.meta.url));
const isThere = (program: string, ...args: string[]): boolean =>
  spawnSync(program, args, { stdio: "ignore" }).error === undefined;
const missing = ["python3", "mosquitto_pub", "mosquitto_sub"].filter((p) => !isThere(p, "--help"));

if (missing.length === 0) describe("a stranger's gateway", strangerSuite);
else if (process.env.LAMPLIGHTER_RINGS === "all") {
  it("finds its programs", () => expect.fail(`not installed: ${missing.join(", ")}`));
} else it.skip(`${missing.join(", ")} not installed, so this ring is left out`, () => {});

/** Python and the Mosquitto clients it has started. */
function killAll(child: ChildProcess): void {
  try {
    process.kill(-(child.pid ?? 0), "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function strangerSuite(): void {
  const COUNT = 300;
  let rig: UplinkRig;
  let store: MemoryStore;
  let server: TestServer;
  let lines: string;
  const children: ChildProcess[] = [];

  const start = (stayS = 0): ChildProcess => {
    const { port } = new URL(rig.access.url);
    const { username, password } = RIG_USER;
    const buffer = join(rig.folder, "python-buffer");
    const args = ["127.0.0.1", port, username, password, SITE, "py-1", buffer, String(COUNT)];
    const env = { ...process.env, STAY_S: String(stayS) };
    const child = spawn("python3", [SCRIPT, ...args], {
      stdio: ["ignore", "pipe", "ignore"],
      detached: true,
      env,
    });
    child.stdout?.on("data", (data) => {
      lines += String(data);
    });
    children.push(child);
    return child;
  };
  const values = (): readonly unknown[] =>
    store.samples().map((s) => (s.quality === "good" ? s.value : s.quality));
  const expected = Array.from({ length: COUNT }, (_, i) => i + 1);

  beforeEach(async () => {
    rig = new UplinkRig();
    lines = "";
    await rig.broker.start();
    store = new MemoryStore();
    server = await rig.startServer(store);
  });
  afterEach(async () => {
    for (const child of children.splice(0)) killAll(child);
    await server.stop();
    await rig.close();
  });

  it("brings every sample once and is known with its points", async () => {
    start();
    await eventually("it is done", () => lines.includes("done"), seconds(15));
    expect(values()).toEqual(expected);
    expect(server.ingest.registry.point("py-1-meter/energy_import" as PointId)).toMatchObject({
      gateway: "py-1",
      kind: "counter",
      unit: "kW.h",
    });
    const status = () => server.ingest.registry.status(gatewayId("py-1"))?.state;
    await eventually("it has said goodbye", () => status() === "offline", seconds(10));
  });

  it("goes on where it was after being killed, without loss or doubles", async () => {
    const first = start();
    await eventually("it has begun", () => values().length >= 50, seconds(15));
    killAll(first);
    start();
    await eventually("it is done", () => lines.includes("done"), seconds(20));
    expect(values()).toEqual(expected);
  });

  it("executes a command once and its steps are heard", async () => {
    start(10);
    await eventually("it is done", () => lines.includes("done"), seconds(15));
    const steps: string[] = [];
    server.ingest.outlet.onReply((gateway, reply) => steps.push(`${gateway} ${reply.state}`));
    const id: CommandId = commandId("c-1");
    const point = "py-1-meter/switch_1" as PointId;
    const rest = { value: 1, priority: "schedule", ttlMs: seconds(5), reason: "test" } as const;
    for (let i = 0; i < 2; i++) {
      await server.ingest.outlet.send(gatewayId("py-1"), { id, point, ...rest });
    }
    await eventually("both are answered", () => steps.length >= 3, seconds(10));
    expect(steps).toEqual(["py-1 accepted", "py-1 verified", "py-1 verified"]);
    expect(lines.match(/executed c-1 1/g)).toHaveLength(1);
  });
}
