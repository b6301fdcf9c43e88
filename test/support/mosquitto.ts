/** Mosquitto as a process of its own, with users, on a free port. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { freePort, isListening } from "./ports.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export const MOSQUITTO = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"].find(existsSync);

export interface Mosquitto {
  readonly url: string;
  readonly port: number;
  /** Killed, and started again on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startMosquitto(program: string): Promise<Mosquitto> {
  const folder = temporaryFolder();
  const port = await freePort();
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const passwords = file("passwords", "");
  for (const user of ["plant", "door"]) {
    execFileSync("mosquitto_passwd", ["-b", passwords, user, "secret"], { stdio: "pipe" });
  }
  const rights = file("rights", "user plant\ntopic #\nuser door\ntopic door/#\n");
  const configuration = file(
    "mosquitto.conf",
    [
      `listener ${port} 127.0.0.1`,
      "allow_anonymous false",
      `password_file ${passwords}`,
      `acl_file ${rights}`,
      "max_queued_messages 0",
      // Without this it becomes another user when started as root, who cannot read the files above.
      ...(process.getuid?.() === 0 ? ["user root"] : []),
    ].join("\n"),
  );
  const start = async (): Promise<ChildProcess> => {
    const child = spawn(program, ["-c", configuration], { stdio: "ignore" });
    await eventually("Mosquitto listens", () => isListening(port));
    return child;
  };
  let child = await start();
  const kill = (): Promise<void> =>
    new Promise((resolve) => {
      child.once("exit", () => resolve());
      child.kill("SIGKILL");
    });
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    restart: async () => {
      await kill();
      child = await start();
    },
    stop: kill,
  };
}
