/** Health for anyone, figures for Prometheus with a token. The one file that imports prom-client. */
import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { LINE_FIGURES } from "../../../core/line.ts";
import { health } from "../contract.ts";
import type { Api } from "../http-server.ts";
import { freshFigure, linesOf } from "../line-view.ts";
import type { ApiParts } from "../parts.ts";

export function healthRoutes(api: Api, parts: ApiParts): void {
  api.get(
    "/api/health",
    { config: { access: "open" }, schema: { response: { 200: health } } },
    () => parts.health(),
  );
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const { name, help, value } of parts.gauges) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  }
  lineGauges(registry, parts);
  api.get("/metrics", { schema: { hide: true } }, async (_request, reply) => {
    reply.type(registry.contentType);
    return registry.metrics();
  });
}

const UNIT_WORDS = { ms: "milliseconds", "%": "percent" } as const;

/** One labelled gauge per figure; a line without a fresh one is absent, never zero. */
function lineGauges(registry: Registry, parts: ApiParts): void {
  for (const figure of LINE_FIGURES) {
    new Gauge({
      name: `lamplighter_line_${figure.name}_${UNIT_WORDS[figure.unit]}`,
      help: `${figure.label.en}, of one line`,
      labelNames: ["gateway", "line"],
      registers: [registry],
      collect() {
        this.reset();
        const now = parts.clock.now();
        for (const line of linesOf(parts)) {
          const value = freshFigure(parts, line, figure, now);
          const labels = { gateway: line.gateway, line: line.connection };
          if (value !== undefined) this.set(labels, value);
        }
      },
    });
  }
}
