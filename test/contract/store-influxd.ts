/** An InfluxDB 1.x of the test's own, in a folder and on a port of its own, where the machine has one. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { seconds } from "../../core/time.ts";
import { eventually } from "../support/eventually.ts";

const PROGRAM = process.env.LAMPLIGHTER_INFLUXD ?? "/usr/bin/influxd";

export const hasInfluxd = existsSync(PROGRAM);

export class Influxd {
  readonly url: string;
  readonly #config: string;
  #process: ChildProcess | undefined;

  private constructor(url: string, config: string) {
    this.url = url;
    this.#config = config;
  }

  static async start(folder: string): Promise<Influxd> {
    const port = await freePort();
    const config = join(folder, "influxdb.conf");
    await writeFile(
      config,
      `reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
dir = "${folder}/meta"
[data]
dir = "${folder}/data"
wal-dir = "${folder}/wal"
index-version = "tsi1"
query-log-enabled = false
[http]
bind-address = "127.0.0.1:${port}"
log-enabled = false
[monitor]
store-enabled = false
`,
    );
    const influxd = new Influxd(`http://127.0.0.1:${port}`, config);
    await influxd.start();
    return influxd;
  }

  /** Again, after `stop`, with the same data. */
  async start(): Promise<void> {
    this.#process = spawn(PROGRAM, ["-config", this.#config], { stdio: "ignore" });
    await eventually(
      "InfluxDB answers",
      async () => (await fetch(`${this.url}/ping`)).status === 204,
      seconds(20),
    );
  }

  async stop(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running === undefined || running.exitCode !== null) return;
    running.kill("SIGTERM");
    await once(running, "exit");
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
