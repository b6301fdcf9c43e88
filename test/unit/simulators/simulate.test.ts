/** The composition root on real sockets: ports, control calls, registers that outlive a stop. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../platform/clock.ts";
import { silentLog } from "../../../platform/log.ts";
import { demoCampus } from "../../../simulators/campus/demo.ts";
import { type RunningCampus, startCampus } from "../../../simulators/simulate.ts";
import { eventually } from "../../support/eventually.ts";

let dataDir: string;
let campus: RunningCampus | undefined;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "campus-"));
});
afterEach(async () => {
  await campus?.stop();
  campus = undefined;
  rmSync(dataDir, { recursive: true, force: true });
});

async function start(): Promise<RunningCampus> {
  const started = await startCampus(
    {
      campus: demoCampus(),
      seed: 1,
      ports: { modbusFirst: 0, opcua: 0, control: 0 },
      dataDir,
      timeOfDay: 615,
      withoutOpcua: true,
    },
    systemClock,
    silentLog,
  );
  campus = started;
  return started;
}

const url = (path: string): string => `http://127.0.0.1:${campus?.ports.control}${path}`;

async function post(path: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url(path), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

interface Truth {
  readonly gas: Readonly<Record<string, { readonly nearLel: number; readonly leak?: unknown }>>;
  readonly rooms: Readonly<Record<string, { readonly lightOn: boolean }>>;
}

const truth = async (): Promise<Truth> => (await (await fetch(url("/state"))).json()) as Truth;

describe("control calls", () => {
  it("start a gas leak that the truth then shows, and stop it", async () => {
    await start();
    expect((await post("/scenarios/gas-leak/start", { parameters: { within: "3s" } })).status).toBe(
      200,
    );
    await eventually("gas", async () => (await truth()).gas["chem-b214"]!.nearLel > 25);
    expect((await post("/scenarios/gas-leak/stop", {})).status).toBe(200);
    expect((await truth()).gas["chem-b214"]!.leak).toBeUndefined();
  });

  it("act on the world in the words of scenarios", async () => {
    await start();
    await post("/act", { light: { room: "a1-101", on: false } });
    expect((await truth()).rooms["a1-101"]!.lightOn).toBe(false);
    const refused = await post("/act", { light: { room: "moon", on: false } });
    expect(refused).toMatchObject({ status: 422 });
  });

  it("switch faults on and off", async () => {
    await start();
    await post("/faults", { target: "device:a1-main", fault: { kind: "silence" } });
    expect(await (await fetch(url("/faults"))).json()).toHaveLength(1);
    await post("/faults", { target: "device:a1-main" });
    expect(await (await fetch(url("/faults"))).json()).toEqual([]);
  });

  it("say what is wrong with a body and go on", async () => {
    await start();
    const response = await fetch(url("/act"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{ not json",
    });
    expect(response.status).toBe(400);
    expect((await fetch(url("/state"))).status).toBe(200);
  });

  it.each([
    ["a name that resolves to this machine", { host: "evil.example:15000" }],
    ["a page of another site", { origin: "http://evil.example" }],
  ])("refuse %s", async (_, headers) => {
    await start();
    const status = await new Promise<number>((resolve, reject) => {
      const asked = request(url("/state"), { headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      asked.on("error", reject);
      asked.end();
    });
    expect(status).toBe(403);
  });

  it.each([
    ["zh", "模拟校区控制台", "实验室燃气泄漏"],
    ["en", "Simulated campus", "Gas leak in a laboratory"],
  ])("the page speaks %s", async (language, title, scenario) => {
    await start();
    const page = await (await fetch(url(`/?lang=${language}`))).text();
    expect(page).toContain(title);
    expect(page).toContain(scenario);
  });
});

describe("registers", () => {
  it("never stand lower after a restart than anybody has seen them", async () => {
    const first = await start();
    const seen = first.world.registers.energyKwh.slice();
    await first.stop();
    const again = await start();
    again.world.registers.energyKwh.forEach((kwh, i) => {
      expect(kwh).toBeGreaterThanOrEqual(seen[i]!);
      expect(kwh - seen[i]!).toBeLessThan(5);
    });
  });

  it("begin as expected when the saved file is damaged", async () => {
    writeFileSync(join(dataDir, "registers.json"), '{"format": 1, "energyKwh": [1');
    const { world } = await start();
    expect(world.registers.energyKwh[0]).toBeGreaterThan(400_000);
  });
});

it("a data folder that another campus uses is refused", async () => {
  await start();
  await expect(start()).rejects.toMatchObject({ code: "DATA_FOLDER_IN_USE" });
});

it("a taken port is refused in a sentence that says what to do", async () => {
  const first = await start();
  const taken = Object.values(first.ports.modbus)[0]!;
  await expect(
    startCampus(
      {
        campus: demoCampus(),
        seed: 1,
        ports: { modbusFirst: taken, opcua: 0, control: 0 },
        dataDir: join(dataDir, "second"),
        withoutOpcua: true,
      },
      systemClock,
      silentLog,
    ),
  ).rejects.toMatchObject({
    code: "PORT_IN_USE",
    message: expect.stringContaining("choose other"),
  });
});
