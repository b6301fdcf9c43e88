/**
 * `npm run check`: types of both programs, format and lint, and the rules of the house (tidy). All run
 * even when one fails, so that one call tells everything.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const root = new URL("..", import.meta.url).pathname;
const bin = join(root, "node_modules", ".bin");

const steps: readonly (readonly [string, string, readonly string[]])[] = [
  ["types", "tsc", ["-p", "."]],
  ["types of the dashboard", "tsc", ["-p", "server/dashboard"]],
  ["format and lint", "biome", ["check", "--error-on-warnings", "."]],
  ["tidy", "vitest", ["run", "--config", "test/vitest.config.ts", "test/tidy.test.ts"]],
];

let failed = 0;
for (const [name, program, args] of steps) {
  const result = spawnSync(existsSync(join(bin, program)) ? join(bin, program) : program, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ""}` },
  });
  if (result.status !== 0) {
    failed += 1;
    process.stderr.write(`check: ${name} failed\n`);
  }
}
process.stdout.write(
  failed === 0 ? "check: all is well\n" : `check: ${failed} of ${steps.length} failed\n`,
);
process.exitCode = failed === 0 ? 0 : 1;
