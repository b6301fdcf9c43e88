/** How every line does, from the newest figures and findings its gateway has told. */
import { doctorAnswer, doctorQuery } from "../contract-doctor.ts";
import type { Api } from "../http-server.ts";
import { lineReports } from "../line-view.ts";
import type { ApiParts } from "../parts.ts";

export function doctorRoutes(api: Api, parts: ApiParts): void {
  api.get(
    "/api/doctor",
    { schema: { querystring: doctorQuery, response: { 200: doctorAnswer } } },
    ({ query }) => ({ items: [...lineReports(parts, parts.clock.now(), query.gateway)] }),
  );
}
