/** Health for anyone, figures for Prometheus with a token. The one file that imports prom-client. */
import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { health } from "../contract.ts";
import type { Api } from "../http-server.ts";
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
  api.get("/metrics", { schema: { hide: true } }, async (_request, reply) => {
    reply.type(registry.contentType);
    return registry.metrics();
  });
}
