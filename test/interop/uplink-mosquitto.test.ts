/** The uplink through a broker that we did not write, with passwords and TLS; the same tests. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { uplinkSuite } from "../contract/uplink-suite.ts";
import { eventually } from "../support/eventually.ts";
import { freePort, isListening } from "../support/ports.ts";
import { RIG_USER, type RigBroker } from "../support/uplink-rig.ts";

const MOSQUITTO = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"].find(existsSync);

const hasOpenssl = spawnSync("openssl", ["version"], { stdio: "ignore" }).error === undefined;

if (MOSQUITTO !== undefined && hasOpenssl) {
  uplinkSuite("the uplink through Mosquitto with TLS", () => new Mosquitto(MOSQUITTO));
} else if (process.env.LAMPLIGHTER_RINGS === "all") {
  it("finds Mosquitto and openssl", () =>
    expect.fail("not installed: apt-get install mosquitto openssl"));
} else {
  it.skip("left out: apt-get install mosquitto openssl", () => {});
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

class Mosquitto implements RigBroker {
  readonly #program: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "mosquitto-"));
  #port = 0;
  #child: ChildProcess | undefined;

  constructor(program: string) {
    this.#program = program;
    folders.push(this.#folder);
    this.#file("passwords", "");
    const { username, password } = RIG_USER;
    const passwords = join(this.#folder, "passwords");
    execFileSync("mosquitto_passwd", ["-b", passwords, username, password], { stdio: "pipe" });
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    const files = [
      "-keyout",
      join(this.#folder, "key.pem"),
      "-out",
      join(this.#folder, "cert.pem"),
    ];
    const key = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    execFileSync("openssl", ["req", ...key, "-days", "2", ...subject, ...files], { stdio: "pipe" });
  }

  get access() {
    const ca = readFileSync(join(this.#folder, "cert.pem"), "utf8");
    return { url: `mqtts://127.0.0.1:${this.#port}`, ca };
  }

  async start(): Promise<void> {
    if (this.#port === 0) this.#port = await freePort();
    const configuration = this.#file(
      "mosquitto.conf",
      [
        `listener ${this.#port} 127.0.0.1`,
        "allow_anonymous false",
        `password_file ${join(this.#folder, "passwords")}`,
        `certfile ${join(this.#folder, "cert.pem")}`,
        `keyfile ${join(this.#folder, "key.pem")}`,
        // Without this it becomes another user when started as root, who cannot read the files above.
        ...(process.getuid?.() === 0 ? ["user root"] : []),
      ].join("\n"),
    );
    this.#child = spawn(this.#program, ["-c", configuration], { stdio: "ignore" });
    await eventually("Mosquitto listens", () => isListening(this.#port));
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGKILL");
    await ended;
  }

  #file(name: string, text: string): string {
    const path = join(this.#folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }
}
