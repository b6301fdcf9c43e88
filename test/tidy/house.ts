/**
 * The rules of the house as pure functions over the sources: who may import whom, how long things may
 * be, which words are not ours. `tidy.test.ts` runs them over the tree and over small wrong examples.
 */
export interface SourceFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export const FILE_LINES_MAX = 500;
export const FUNCTION_LINES_MAX = 70;
export const LINE_CHARACTERS_MAX = 100;

/** Room → rooms it may import, itself included. Anything else is refused. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: ["core"],
  platform: ["platform", "core"],
  "device-profiles": ["device-profiles", "core"],
  gateway: ["gateway", "platform", "core", "device-profiles"],
  server: ["server", "platform", "core"],
  simulators: ["simulators", "platform", "core", "device-profiles"],
  "server/dashboard": ["server/dashboard", "core", "server"],
  // The one entry point that dispatches the commands.
  "main.ts": ["platform", "core", "device-profiles", "gateway", "server", "simulators"],
};

/** Foreign packages with I/O and the one file per room that may import them. */
const ONE_FILE_PACKAGES = [
  "mqtt",
  "aedes",
  "modbus-serial",
  "serialport",
  "node-opcua",
  "fastify",
  "pino",
  "prom-client",
  "@influxdata/influxdb-client",
  "node:sqlite",
];

const roomOf = (path: string): string => {
  if (path.startsWith("server/dashboard/")) return "server/dashboard";
  return path.split("/")[0] ?? path;
};

export interface Import {
  readonly from: string;
  readonly isType: boolean;
}

export function importsOf(text: string): readonly Import[] {
  const pattern =
    /^(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/gm;
  return [...text.matchAll(pattern)].map((m) => ({
    from: m[2] ?? m[3] ?? "",
    isType: m[1] !== undefined,
  }));
}

/** The file an import points to, relative to the root; undefined for packages. */
export function resolveImport(path: string, from: string): string | undefined {
  if (!from.startsWith(".")) return undefined;
  const parts = path.split("/").slice(0, -1);
  for (const part of from.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

export function importProblems(file: SourceFile): readonly string[] {
  const room = roomOf(file.path);
  const allowed = MAY_IMPORT[room];
  if (allowed === undefined) return [];
  const problems: string[] = [];
  for (const { from, isType } of importsOf(file.text)) {
    const target = resolveImport(file.path, from);
    if (target === undefined) {
      problems.push(...packageProblems(file.path, room, from));
      continue;
    }
    const targetRoom = roomOf(target);
    if (!allowed.includes(targetRoom)) {
      problems.push(`${file.path} imports ${target}: ${room} may not import ${targetRoom}`);
    }
    if (room === "server/dashboard" && targetRoom !== room) {
      const isContract = targetRoom === "core" || target.startsWith("server/api/contract");
      if (!isType || !isContract) {
        problems.push(
          `${file.path} imports ${target}: the dashboard takes only types of the contract`,
        );
      }
    }
  }
  return problems;
}

function packageProblems(path: string, room: string, from: string): readonly string[] {
  if (room === "core" && (from.startsWith("node:") || !["zod", "yaml"].includes(from))) {
    return [`${path} imports ${from}: core does no I/O and takes only zod and yaml`];
  }
  return [];
}

/** Packages that more than one file of a room imports. */
export function doubledPackages(files: readonly SourceFile[]): readonly string[] {
  const users = new Map<string, Set<string>>();
  for (const { path, text } of files) {
    const room = roomOf(path);
    if (MAY_IMPORT[room] === undefined) continue;
    for (const { from, isType } of importsOf(text)) {
      if (!isType && ONE_FILE_PACKAGES.includes(from)) {
        const key = `${room} ${from}`;
        users.set(key, (users.get(key) ?? new Set()).add(path));
      }
    }
  }
  return [...users]
    .filter(([, paths]) => paths.size > 1)
    .map(([key, paths]) => `${key} is imported by ${[...paths].join(" and ")}: one file wraps it`);
}

/** Circles of imports, each named once by its smallest file. */
export function importCycles(files: readonly SourceFile[]): readonly string[] {
  const edges = new Map(
    files.map(({ path, text }) => [
      path,
      importsOf(text)
        .filter((i) => !i.isType)
        .flatMap((i) => resolveImport(path, i.from) ?? []),
    ]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) cycles.push([...trail.slice(at), path].join(" → "));
    if (at >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return cycles;
}

interface WordRule {
  readonly pattern: RegExp;
  readonly why: string;
  /** Files in which the word is right. */
  readonly except?: RegExp;
}

const WORD_RULES: readonly WordRule[] = [
  { pattern: /\b(TODO|FIXME|XXX)\b/, why: "an issue is the place for what is missing" },
  { pattern: /\bconsole\.(log|error|warn|info|debug)\b/, why: "use the log, or print()" },
  {
    pattern: /\bDate\.now\(|\bperformance\.now\(|(?<![\w.])set(Timeout|Interval)\(/,
    why: "time comes from the Clock",
    except: /^(platform\/clock\.ts|server\/dashboard\/|test\/)/,
  },
  { pattern: /\bMath\.random\(/, why: "random numbers are injected", except: /^test\// },
  {
    pattern: /:\s*any\b|\bas any\b|<any>/,
    why: "unknown, then parsed",
    // What the API answers is checked by what acceptance tests expect of it.
    except: /^test\/support\/(campus-processes|webhook-receiver)\.ts$/,
  },
  { pattern: /^export default\b/, why: "named exports only", except: /\.config\.ts$/ },
  { pattern: /^(export )?(const )?enum\b/, why: "closed string unions" },
  { pattern: /@ts-(ignore|nocheck)/, why: "the types are right or the code is wrong" },
  { pattern: /\b(it|test|describe)\.only\(/, why: "all tests run", except: /^test\/tidy/ },
];

export function wordProblems(file: SourceFile): readonly string[] {
  return file.text
    .split("\n")
    .flatMap((line, i) =>
      WORD_RULES.filter((rule) => rule.pattern.test(line) && !rule.except?.test(file.path)).map(
        (rule) => `${file.path}:${i + 1}: ${rule.pattern.exec(line)?.[0].trim()}: ${rule.why}`,
      ),
    );
}

/** One word for one thing: these are other systems' words for point, sample and alarm. */
const FOREIGN_WORDS = /\b(tag|metric|reading|measurement|alert)s?\b/i;
/** Where a foreign product's own names are spoken. */
const FOREIGN_PLACES =
  /^(server\/store\/influx|server\/api\/routes\/health\.ts|simulators\/control\/page\.ts)/;

/** Names in the code; comments may use a verb, texts have tests of their own. */
export function foreignWords(file: SourceFile): readonly string[] {
  if (FOREIGN_PLACES.test(file.path)) return [];
  return file.text.split("\n").flatMap((line, i) => {
    if (/^\s*(\/?\*|\/\/)/.test(line)) return [];
    const code = line.replace(/"[^"]*"|'[^']*'|`[^`]*`/g, "").replace(/\/\/.*$/, "");
    const word = FOREIGN_WORDS.exec(code)?.[0];
    return word === undefined
      ? []
      : [`${file.path}:${i + 1}: ${word}: see the words of the architecture`];
  });
}

export function sizeProblems(file: SourceFile): readonly string[] {
  const lines = file.text.split("\n");
  const problems: string[] = [];
  if (lines.length > FILE_LINES_MAX && !file.path.startsWith("test/")) {
    problems.push(`${file.path}: ${lines.length} lines, allowed are ${FILE_LINES_MAX}`);
  }
  if (file.path.startsWith("test/")) return problems;
  for (const { start, length } of functionsOf(lines)) {
    if (length > FUNCTION_LINES_MAX) {
      problems.push(
        `${file.path}:${start}: a function of ${length} lines, allowed are ${FUNCTION_LINES_MAX}`,
      );
    }
  }
  return problems;
}

/**
 * Functions and methods by indentation, which the formatter guarantees: a line that opens one, up to the
 * line that closes it at the same depth.
 */
function functionsOf(lines: readonly string[]): readonly { start: number; length: number }[] {
  const opens =
    /^(\s*)(export )?(async )?(function\b|(static |async |#|get |set )*[#\w]+\(.*\).*\{$)/;
  const found: { start: number; length: number }[] = [];
  lines.forEach((line, i) => {
    const indent = opens.exec(line)?.[1];
    if (indent === undefined || /^\s*(if|for|while|switch|catch|return)\b/.test(line)) return;
    const end = lines.findIndex((l, j) => j > i && (l === `${indent}}` || l === `${indent}};`));
    if (end > i) found.push({ start: i + 1, length: end - i + 1 });
  });
  return found;
}

/** A composition root is one straight line and may be long; it says so in its comment. */
export const COMPOSITION_ROOTS = [
  "gateway/gateway.ts",
  "server/server.ts",
  "simulators/simulate.ts",
];
