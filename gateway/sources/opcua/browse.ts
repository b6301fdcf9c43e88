/**
 * Looks through a server and tells what it offers: objects with their variables, in the words that a
 * gateway's file and a profile need. Reads only; a server with more than the limits is shown in part.
 */
import { wordsOf } from "../../../core/errors.ts";
import type { Child, OpcuaSession } from "./asking.ts";
import { severityOf } from "./decode.ts";

/** Levels below Objects. */
const DEPTH_MAX = 12;
export const BROWSED_NODES_MAX = 50_000;
/** `Objects`, and the server's own description of itself, which no plant is in. */
const OBJECTS = "ns=0;i=85";
const STANDARD_NAMESPACE = 0;

export interface FoundVariable {
  /** `<namespace URI>#<name>` below the object. */
  readonly path: readonly string[];
  readonly value: unknown;
  readonly status: string;
}

export interface FoundObject {
  /** `<namespace URI>#<name>` each, below Objects: what `object:` in a gateway's file wants. */
  readonly path: readonly string[];
  readonly variables: readonly FoundVariable[];
  readonly methods: readonly string[];
}

export interface Browsed {
  readonly objects: readonly FoundObject[];
  readonly nodes: number;
  /** True when the server has more than was looked at. */
  readonly isPart: boolean;
}

interface Visit {
  readonly node: string;
  readonly path: readonly string[];
}

export async function browseServer(session: OpcuaSession): Promise<Browsed> {
  const seen = new Set<string>([OBJECTS]);
  const objects: FoundObject[] = [];
  let level: readonly Visit[] = [{ node: OBJECTS, path: [] }];
  for (let depth = 0; depth < DEPTH_MAX && level.length > 0; depth++) {
    const below = await session.children(level.map(({ node }) => node));
    const next: Visit[] = [];
    for (const [i, visit] of level.entries()) {
      const fresh = (below[i] ?? []).filter(
        ({ node, namespace }) =>
          !seen.has(node) && !(depth === 0 && namespace === STANDARD_NAMESPACE),
      );
      for (const child of fresh) {
        seen.add(child.node);
        if (child.kind !== "object") continue;
        next.push({ node: child.node, path: [...visit.path, nameOf(session, child)] });
      }
      const found = await describe(session, visit, fresh);
      if (found !== undefined) objects.push(found);
      if (seen.size > BROWSED_NODES_MAX) return { objects, nodes: seen.size, isPart: true };
    }
    level = next;
  }
  return { objects, nodes: seen.size, isPart: level.length > 0 };
}

async function describe(
  session: OpcuaSession,
  visit: Visit,
  children: readonly Child[],
): Promise<FoundObject | undefined> {
  const variables = children.filter(({ kind }) => kind === "variable");
  const methods = children.filter(({ kind }) => kind === "method");
  if (visit.path.length === 0 || variables.length + methods.length === 0) return undefined;
  const values = await session.read(variables.map(({ node }) => node)).catch((error: unknown) => {
    const statusName = wordsOf(error).slice(0, 100);
    return variables.map(() => ({ value: null, status: 0x80000000, statusName }));
  });
  return {
    path: visit.path,
    methods: methods.map((method) => nameOf(session, method)),
    variables: variables.map((variable, i) => {
      const value = values[i];
      const isGood = value !== undefined && severityOf(value.status) === "good";
      return {
        path: [nameOf(session, variable)],
        value: value?.value,
        status: isGood ? "Good" : (value?.statusName ?? "no answer"),
      };
    }),
  };
}

const nameOf = (session: OpcuaSession, { namespace, name }: Child): string =>
  `${session.namespaces[namespace] ?? namespace}#${name}`;

/** Lines for people: one object, then its variables with what they hold just now. */
export function browsedLines({ objects, nodes, isPart }: Browsed): readonly string[] {
  const lines: string[] = [];
  for (const { path, variables, methods } of objects) {
    lines.push(path.join(" / "));
    for (const { path: below, value, status } of variables) {
      const shown = status === "Good" ? JSON.stringify(value) : status;
      lines.push(`  ${below.join(" / ")} = ${String(shown).slice(0, 80)}`);
    }
    for (const method of methods) lines.push(`  ${method} ()`);
  }
  lines.push(`${objects.length} objects with variables or methods, ${nodes} nodes looked at.`);
  if (isPart) lines.push("The server has more than this; not all of it was looked at.");
  return lines;
}

/** A draft: a profile with one line per variable of the first object, and the devices of its kind. */
export function draftOf({ objects }: Browsed, options: { readonly endpoint: string }): string {
  const [first] = objects;
  if (first === undefined) return "# The server offers no objects with variables.\n";
  const shape = (object: FoundObject): string =>
    object.variables.map(({ path }) => path.join("/")).join(" ");
  const alike = objects.filter((object) => shape(object) === shape(first));
  const uris = [...new Set(first.variables.flatMap(({ path }) => path.map(uriOf)))];
  const alias = (text: string): string => `n${uris.indexOf(uriOf(text)) + 1}:${localOf(text)}`;
  return [
    `# Draft made by browsing ${options.endpoint}: names of points, units and kinds are for you to set.`,
    "# ---- profile: device-profiles/<vendor>/<model>.yaml ----",
    "protocol: opcua",
    `namespaces: { ${uris.map((uri, i) => `n${i + 1}: ${JSON.stringify(uri)}`).join(", ")} }`,
    "points:",
    ...first.variables.map(({ path, value }) => {
      const below = path.map((step) => JSON.stringify(alias(step))).join(", ");
      return `  ${pointName(path)}: { path: [${below}] } # now ${shown(value)}`;
    }),
    "# ---- gateway file: devices ----",
    ...alike.map(
      ({ path }, i) =>
        `# - { id: device-${i + 1}, profile: <vendor>/<model>, connection: <id>, space: <space>, object: ${JSON.stringify(path)} }`,
    ),
    "",
  ].join("\n");
}

const shown = (value: unknown): string => String(JSON.stringify(value)).slice(0, 40);
const uriOf = (text: string): string => text.slice(0, text.lastIndexOf("#"));
const localOf = (text: string): string => text.slice(text.lastIndexOf("#") + 1);
const pointName = (path: readonly string[]): string =>
  path
    .map(localOf)
    .join("_")
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_");
