/** The built dashboard for tests: built when a source is newer than what was built before. */
import { mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const SOURCES = fileURLToPath(new URL("../../server/dashboard/", import.meta.url));

/** Builds into a folder named after the newest source; two test files may do so at once. */
export async function builtDashboard(): Promise<string> {
  const dist = join(tmpdir(), `lamplighter-dashboard-${Math.round(await newestMs(SOURCES))}`);
  if (await exists(join(dist, "index.html"))) return dist;
  const outDir = await mkdtemp(join(tmpdir(), "lamplighter-build-"));
  await build({ configFile: join(SOURCES, "vite.config.ts"), logLevel: "warn", build: { outDir } });
  try {
    await rename(outDir, dist);
  } catch {
    // Another test file was quicker with the same sources.
    await rm(outDir, { recursive: true, force: true });
  }
  return dist;
}

async function newestMs(folder: string): Promise<number> {
  let newest = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name === "dist") continue;
    const path = join(folder, entry.name);
    const ms = entry.isDirectory() ? await newestMs(path) : (await stat(path)).mtimeMs;
    newest = Math.max(newest, ms);
  }
  return newest;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
