/**
 * A serial line made of a pseudo-terminal: `modbus-pty.py` holds it, bytes come and go through
 * pipes.
 */
import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const hasPython = (): boolean => spawnSync("python3", ["-c", "import tty"]).status === 0;

export interface Pty {
  readonly path: string;
  write(bytes: Uint8Array): void;
  onBytes: (chunk: Buffer) => void;
  /** The far end sees its adapter unplugged. */
  unplug(): Promise<void>;
}

export async function openPty(): Promise<Pty> {
  const script = fileURLToPath(new URL("modbus-pty.py", import.meta.url));
  const child = spawn("python3", [script], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const path = await new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString("latin1").trim()));
  });
  const pty: Pty = {
    path,
    write: (bytes) => child.stdin.write(bytes),
    onBytes: () => {},
    unplug: async () => {
      child.stdin.end();
      child.kill();
      await ended;
    },
  };
  child.stdin.on("error", () => {});
  child.stdout.on("data", (chunk: Buffer) => pty.onBytes(chunk));
  return pty;
}
