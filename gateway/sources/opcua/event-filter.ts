/** Which events a server is to tell us of, and which of their fields: OPC UA Part 4 §7.22.3. */
import type { BrowseStep, EventRequest } from "./asking.ts";
import { EVENT_FIELDS } from "./event.ts";
import type { Library } from "./library.ts";

export function eventFilter(library: Library, { type, fields }: EventRequest) {
  const operand = (typeDefinitionId: string, path: readonly BrowseStep[]) => ({
    typeDefinitionId,
    browsePath: path.map(({ namespace, name }) => ({ namespaceIndex: namespace, name })),
    attributeId: library.AttributeIds.Value,
  });
  return new library.EventFilter({
    selectClauses: [
      ...EVENT_FIELDS.map((name) => operand("ns=0;i=2041", [{ namespace: 0, name }])),
      ...fields.map((path) => operand(type, path)),
    ],
    whereClause: { elements: [library.ofType(type)] },
  });
}
