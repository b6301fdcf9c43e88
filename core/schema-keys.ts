/**
 * The keys a schema knows at a path of a document, so that a misspelt key gets a "did you mean".
 */
import type { z } from "zod";

/** Every key that any alternative of the schema allows at `path`. */
export function keysAt(
  schema: z.core.$ZodType,
  path: readonly (string | number)[],
): readonly string[] {
  let found: readonly z.core.$ZodType[] = [schema];
  for (const key of path) found = found.flatMap((inner) => childrenOf(inner, key));
  return [...new Set(found.flatMap(keysOf))];
}

type Definition = z.core.$ZodTypes["_zod"]["def"];
const definitionOf = (schema: z.core.$ZodType): Definition => (schema as z.core.$ZodTypes)._zod.def;

function keysOf(schema: z.core.$ZodType): readonly string[] {
  const definition = definitionOf(schema);
  if (definition.type === "object") return Object.keys(definition.shape);
  return wrappedBy(definition).flatMap(keysOf);
}

function childrenOf(schema: z.core.$ZodType, key: string | number): readonly z.core.$ZodType[] {
  const definition = definitionOf(schema);
  switch (definition.type) {
    case "object": {
      const child = definition.shape[key];
      return child === undefined ? [] : [child];
    }
    case "record":
      return [definition.valueType];
    case "array":
      return [definition.element];
    default:
      return wrappedBy(definition).flatMap((inner) => childrenOf(inner, key));
  }
}

function wrappedBy(definition: Definition): readonly z.core.$ZodType[] {
  switch (definition.type) {
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "readonly":
      return [definition.innerType];
    case "pipe":
      return [definition.in];
    case "union":
      return definition.options;
    default:
      return [];
  }
}
