/**
 * What a person sees who starts things wrongly: every problem at once with file and line, a sentence that
 * says what to do, the right exit code; and a gateway that needs no server to begin.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFailed, test } from "vitest";
import { seconds } from "../../core/time.ts";
import { Database } from "../../platform/sqlite.ts";
import { CampusProcesses } from "../support/campus-processes.ts";
import { eventually } from "../support/eventually.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lamplighter-start-"));
  lamplighter("simulate", "configuration", config());
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const config = (...path: string[]): string => join(folder, "config", ...path);

function lamplighter(...args: readonly string[]): { code: number | null; out: string } {
  const result = spawnSync(process.execPath, [join(ROOT, "main.ts"), ...args], {
    cwd: folder,
    encoding: "utf8",
    timeout: 30_000,
  });
  return { code: result.status, out: result.stdout + result.stderr };
}

const server = (...more: string[]) =>
  lamplighter(
    "server",
    "--config",
    config(),
    "--data",
    join(folder, "server"),
    "--log",
    "silent",
    ...more,
  );
const gateway = () =>
  lamplighter(
    "gateway",
    "--config",
    config("gateways/main.yaml"),
    "--data",
    join(folder, "gateway"),
    "--log",
    "silent",
  );

/** Writes the configuration anew with these ports; 0 takes a free one. */
function configure(ports: { readonly http: number; readonly uplink: number }): void {
  rmSync(config(), { recursive: true });
  const options = Object.entries(ports).flatMap(([name, port]) => [`--${name}`, String(port)]);
  lamplighter("simulate", "configuration", config(), ...options);
}

function change(file: string, from: string | RegExp, to: string): void {
  const text = readFileSync(config(file), "utf8");
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`${file} does not hold ${String(from)}`);
  writeFileSync(config(file), changed);
}

describe("a wrong configuration stops the start with every problem at once, exit 2", () => {
  test("of the server", () => {
    change("site.yaml", "kind: building", "kind: bilding");
    change("server.yaml", "port: 8080", "port: eighty");
    mkdirSync(config("rules"), { recursive: true });
    writeFileSync(config("rules/mine.yaml"), "rule: mine\nkind: alarm\n");
    const { code, out } = server();
    expect(code).toBe(2);
    expect(out).toMatch(/site\.yaml:\d+: .*bilding.*did you mean "building"/);
    expect(out).toMatch(/server\.yaml:\d+: http\.port: must be a number, is "eighty"/);
    expect(out).toMatch(/mine\.yaml:\d+: /);
  });
  test("of the gateway", () => {
    change("gateways/main.yaml", "profile: eastron/sdm630", "profile: eastron/sdm360");
    change("gateways/main.yaml", /unit: 5\n/, "unit: 500\n");
    const first = gateway();
    expect(first.code).toBe(2);
    expect(first.out).toMatch(/main\.yaml:\d+: devices\[\d+\]\.unit: /);
    change("gateways/main.yaml", /unit: 500\n/, "unit: 5\n");
    const second = gateway();
    expect(second.code).toBe(2);
    expect(second.out).toMatch(/main\.yaml:\d+: .*eastron\/sdm360.*did you mean "eastron\/sdm630"/);
  });
  test("`check` finds what no single file shows", () => {
    expect(lamplighter("check", config())).toMatchObject({ code: 0 });
    change("gateways/main.yaml", "space: a1-101", "space: a1-1o1");
    change("server.yaml", "id: main", "id: other");
    const { code, out } = lamplighter("check", config());
    expect(code).toBe(1);
    expect(out).toContain('site.yaml has no space "a1-1o1"');
    expect(out).toContain('server.yaml lets no gateway "main" in');
  });
});

describe("what stands in the way is said in a sentence, exit 1", () => {
  let other: Server;
  let port: number;
  beforeEach(async () => {
    other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const address = other.address();
    port = typeof address === "object" && address !== null ? address.port : 0;
  });
  afterEach(() => new Promise((resolve) => other.close(resolve)));

  test("a taken HTTP port", () => {
    configure({ http: port, uplink: 0 });
    const { code, out } = server();
    expect(code).toBe(1);
    expect(out).toContain(`127.0.0.1:${port}`);
    expect(out).toMatch(/another program already listens there.*server\.yaml/s);
  });
  test("a taken MQTT port", () => {
    configure({ http: 0, uplink: port });
    const { code, out } = server();
    expect(code).toBe(1);
    expect(out).toContain(String(port));
  });
  test("a data folder that is a file", () => {
    writeFileSync(join(folder, "server"), "");
    const { code, out } = server();
    expect(code).toBe(1);
    expect(out).toMatch(/data folder.*--data/s);
  });
  test("an unknown option and an unknown command, exit 2 with the usage", () => {
    expect(server("--colour", "red")).toMatchObject({
      code: 2,
      out: expect.stringContaining("usage:"),
    });
    expect(lamplighter("sing")).toMatchObject({ code: 2, out: expect.stringContaining("--help") });
  });
});

test("a second process on one data folder is refused by name", async () => {
  configure({ http: 0, uplink: 0 });
  const args = [
    join(ROOT, "main.ts"),
    "server",
    "--config",
    config(),
    "--data",
    join(folder, "server"),
  ];
  const first = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  try {
    const printed = new Promise<string>((resolve) =>
      first.stdout.once("data", (b) => resolve(String(b))),
    );
    expect(await printed).toContain("http://127.0.0.1:");
    const { code, out } = server();
    expect(code).toBe(1);
    expect(out).toContain("in use by another running process");
  } finally {
    const ended = new Promise((resolve) => first.once("exit", resolve));
    first.kill("SIGINT");
    await ended;
  }
});

test("a first start tells how to make the first user, and no door is open meanwhile", async () => {
  configure({ http: 0, uplink: 0 });
  const args = [
    join(ROOT, "main.ts"),
    "server",
    "--config",
    config(),
    "--data",
    join(folder, "server"),
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  try {
    let out = "";
    child.stdout.on("data", (b) => {
      out += String(b);
    });
    await eventually("the hint", () => out.includes("lamplighter user add"), seconds(20));
    const page = /http:\/\/\S+/.exec(out)?.[0] ?? "";
    expect((await fetch(`${page}api/points`)).status).toBe(401);
    const guess = await fetch(`${page}api/session`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-lamplighter": "1" },
      body: JSON.stringify({ name: "admin", password: "admin" }),
    });
    expect(guess.status).toBe(401);
  } finally {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGINT");
    await ended;
  }
});

test("a gateway starts without its server and delivers what it gathered once that is there", async () => {
  const campus = await CampusProcesses.start({
    parts: ["simulators", "gateway"],
    waitForServer: false,
  });
  onTestFailed(() => void process.stderr.write(words));
  let words = "";
  try {
    await eventually(
      "the gateway is gathering",
      () => campus.log("gateway").includes("gateway ready"),
      seconds(30),
    );
    await eventually("much is gathered", () => waitingSamples(campus.folder) > 2_000, seconds(60));
    const before = Date.now();
    campus.spawn("server");
    await campus.serverAnswers();
    const item = await eventually(
      "samples from before the server's start",
      async () => {
        const from = new Date(before - 60_000).toISOString();
        const to = new Date(before).toISOString();
        const { items } = await campus.get(
          `api/series?point=a1-main/power_active&from=${from}&to=${to}`,
        );
        return items[0].rows.length > 0 && items[0];
      },
      seconds(60),
    );
    expect(item.unit).toBe("W");
  } finally {
    words = campus.lastWords();
    await campus.stop();
  }
}, 120_000);

/** What the gateway has on its disk and nobody has acknowledged. */
function waitingSamples(campusFolder: string): number {
  const db = Database.open({ file: join(campusFolder, "gateway/buffer.sqlite"), readOnly: true });
  try {
    return Number(db.prepare("SELECT sum(waiting_samples) AS n FROM lane").get()?.n ?? 0);
  } finally {
    db.close();
  }
}

test("garbage on every socket ends no process", async () => {
  const campus = await CampusProcesses.start();
  try {
    await eventually(
      "live",
      async () => (await campus.get("api/latest")).items.length > 100,
      seconds(40),
    );
    const { connect } = await import("node:net");
    for (const offset of [0, 1, 10, 11, 12, 13, 14]) {
      for (const bytes of [
        Buffer.alloc(70_000, 0xff),
        Buffer.from("GET / HTTP/9.9\r\n\r\n"),
        Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]),
      ]) {
        await new Promise<void>((resolve) => {
          const socket = connect({ host: "127.0.0.1", port: campus.base + offset }, () => {
            socket.write(bytes, () => setTimeout(() => socket.destroy(), 100));
          });
          socket.on("error", () => {});
          socket.on("close", () => resolve());
        });
      }
    }
    const health = await campus.get("api/health");
    expect(health.components.gateways.status).toBe("ok");
    for (const part of ["simulators", "gateway", "server"] as const) {
      expect(() => process.kill(campus.pid(part), 0)).not.toThrow();
    }
  } finally {
    await campus.stop();
  }
}, 120_000);
