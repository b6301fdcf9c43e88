/**
 * The whole campus as real processes on free ports: simulators, gateway, server, each started from the one
 * entry point as a person would, with handles to ask the API, move the world, pull cables and kill.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { seconds } from "../../core/time.ts";
import { eventually } from "./eventually.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const MAIN = join(ROOT, "main.ts");
/** As the demo starts them. */
const COMPILED = join(ROOT, "node_modules/.cache/lamplighter");
const SPAN = 20;
const LAST_WORDS_MAX = 3_000;

export type Part = "simulators" | "gateway" | "server";

export interface CampusOptions {
  /** Lines for the end of server.yaml. */
  readonly serverYaml?: string;
  /** Files for the rules folder. */
  readonly rules?: Readonly<Record<string, string>>;
  readonly parts?: readonly Part[];
  readonly waitForServer?: boolean;
}

export class CampusProcesses {
  readonly folder = mkdtempSync(join(tmpdir(), "lamplighter-campus-"));
  readonly base: number;
  token = "";
  readonly #children = new Map<Part, ChildProcess>();

  private constructor(base: number) {
    this.base = base;
  }

  static async start(options: CampusOptions = {}): Promise<CampusProcesses> {
    const campus = new CampusProcesses(await freeBase());
    campus.#configure(options);
    for (const part of options.parts ?? ["simulators", "server", "gateway"]) campus.spawn(part);
    if (options.waitForServer ?? true) await campus.serverAnswers();
    return campus;
  }

  get page(): string {
    return `http://127.0.0.1:${this.base + 14}/`;
  }

  get control(): string {
    return `http://127.0.0.1:${this.base + 11}`;
  }

  spawn(part: Part): void {
    const log = openSync(join(this.folder, `${part}.log`), "a");
    const child = spawn(process.execPath, ["--max-semi-space-size=4", MAIN, ...this.#args(part)], {
      env: { NODE_COMPILE_CACHE: COMPILED, ...process.env },
      cwd: ROOT,
      stdio: ["ignore", log, log],
    });
    this.#children.set(part, child);
  }

  pid(part: Part): number {
    return this.#children.get(part)?.pid ?? 0;
  }

  /** Ends one process without a word, as a power cut would. */
  async kill(part: Part, signal: "SIGKILL" | "SIGINT" = "SIGKILL"): Promise<void> {
    const child = this.#children.get(part);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#children.keys()].map((part) => this.kill(part, "SIGINT")));
    rmSync(this.folder, { recursive: true, force: true });
  }

  log(part: Part): string {
    return readFileSync(join(this.folder, `${part}.log`), "utf8");
  }

  /** The last words of every process, for a test that failed. */
  lastWords(): string {
    const parts: readonly Part[] = ["gateway", "server", "simulators"];
    return parts
      .filter((part) => this.#children.has(part))
      .map((part) => `── ${part} (pid ${this.pid(part)})\n${this.log(part).slice(-LAST_WORDS_MAX)}`)
      .join("\n");
  }

  serverAnswers(): Promise<unknown> {
    return eventually(
      "the server answers",
      async () => (await fetch(`${this.page}api/health`)).ok,
      seconds(30),
    );
  }

  // biome-ignore lint/suspicious/noExplicitAny: answers are checked by what the tests expect of them
  async get(path: string): Promise<any> {
    const response = await fetch(`${this.page}${path}`, { headers: this.#headers() });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  async post(path: string, body: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(`${this.page}${path}`, {
      method: "POST",
      headers: { ...this.#headers(), "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    // biome-ignore lint/suspicious/noExplicitAny: as above
    return { status: response.status, body: (await response.json()) as any };
  }

  latest(point: string) {
    return this.get(`api/latest?point=${point}`).then((page) => page.items[0]);
  }

  async trigger(scenario: string, parameters: Record<string, unknown> = {}): Promise<void> {
    const response = await fetch(`${this.control}/scenarios/${scenario}/start`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ parameters }),
    });
    if (!response.ok) throw new Error(`${scenario}: ${response.status} ${await response.text()}`);
  }

  /** One thing happens on the campus: the words of a scenario's timeline. */
  async act(action: unknown): Promise<void> {
    const response = await fetch(`${this.control}/act`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(action),
    });
    if (!response.ok) throw new Error(`act: ${response.status} ${await response.text()}`);
  }

  // biome-ignore lint/suspicious/noExplicitAny: the simulator's truth is free in form
  async truth(): Promise<any> {
    return (await fetch(`${this.control}/state`)).json();
  }

  /** A link that signs a person in once. */
  link(): string {
    return this.#run(
      "user",
      "link",
      "tester",
      "--sign-in",
      "--quiet",
      "--data",
      this.#data("server"),
    );
  }

  #headers(): Record<string, string> {
    return { authorization: `Bearer ${this.token}` };
  }

  #data(part: Part): string {
    return join(this.folder, part);
  }

  #configure(options: CampusOptions): void {
    const config = join(this.folder, "config");
    this.#run(
      "simulate",
      "configuration",
      config,
      ...this.#ports("http", "uplink", "devices", "opcua", "modbus"),
    );
    if (options.serverYaml !== undefined) {
      appendFileSync(join(config, "server.yaml"), options.serverYaml);
    }
    mkdirSync(join(config, "rules"), { recursive: true });
    for (const [name, text] of Object.entries(options.rules ?? {})) {
      writeFileSync(join(config, "rules", name), text);
    }
    const data = ["--data", this.#data("server")];
    this.#run("user", "add", "tester", "--role", "administrator", "--quiet", ...data);
    this.token = this.#run("user", "token", "tester", "--name", "test", ...data);
  }

  #ports(
    ...names: readonly ("http" | "uplink" | "devices" | "opcua" | "modbus" | "control")[]
  ): string[] {
    const at = { modbus: 0, opcua: 10, control: 11, devices: 12, uplink: 13, http: 14 };
    return names.flatMap((name) => [`--${name}`, String(this.base + at[name])]);
  }

  #args(part: Part): readonly string[] {
    const config = join(this.folder, "config");
    const data = ["--data", this.#data(part)];
    switch (part) {
      case "simulators":
        return [
          "simulate",
          "--config",
          config,
          ...data,
          ...this.#ports("modbus", "opcua", "control", "devices"),
        ];
      case "gateway":
        return ["gateway", "--config", join(config, "gateways/main.yaml"), ...data];
      case "server":
        return ["server", "--config", config, ...data];
    }
  }

  #run(...args: readonly string[]): string {
    const result = spawnSync(process.execPath, [MAIN, ...args], {
      cwd: ROOT,
      encoding: "utf8",
      env: { NODE_COMPILE_CACHE: COMPILED, ...process.env },
    });
    if (result.status !== 0) throw new Error(`lamplighter ${args.join(" ")}: ${result.stderr}`);
    return result.stdout.trim();
  }
}

/** A run of free ports for programs that are told theirs in files. */
async function freeBase(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    // Below the ports that the system hands out to clients, which come and go.
    const base = 20_000 + Math.floor(Math.random() * 600) * SPAN;
    const ports = Array.from({ length: SPAN }, (_, i) => base + i);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return base;
  }
  throw new Error("no free run of ports");
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ host: "127.0.0.1", port, exclusive: true }, () =>
      probe.close(() => resolve(true)),
    );
  });
