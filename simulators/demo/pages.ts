/** Builds the pages when their sources are newer than what was built last. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SOURCES = ["server/dashboard", "server/api/contract.ts", "core", "package-lock.json"];
const DIST = join(ROOT, "server/dashboard/dist");
const STAMP = join(DIST, ".stamp");

/** Resolves true when something was built; rejects with the builder's own words. */
export async function buildPages(): Promise<boolean> {
  mkdirSync(DIST, { recursive: true });
  const stamp = stampOf();
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === stamp) return false;
  await runVite();
  writeFileSync(STAMP, stamp);
  return true;
}

function stampOf(): string {
  const hash = createHash("sha256");
  const visit = (path: string): void => {
    const full = join(ROOT, path);
    const stat = statSync(full);
    if (stat.isDirectory()) {
      const skip = ["dist", "node_modules"];
      for (const name of readdirSync(full).sort())
        if (!skip.includes(name)) visit(join(path, name));
    } else hash.update(`${path}\0`).update(readFileSync(full));
  };
  for (const path of SOURCES) visit(path);
  return hash.digest("hex");
}

function runVite(): Promise<void> {
  const vite = join(ROOT, "node_modules/vite/bin/vite.js");
  const args = [vite, "build", "--config", "server/dashboard/vite.config.ts", "--logLevel", "warn"];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    let words = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => {
        words += text;
      });
    }
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`the pages could not be built:\n${words}`));
    });
  });
}
