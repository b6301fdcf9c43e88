/** Addresses of pages behind `#`, so that every page is a deep link and reloads to itself. */
export const RANGES = ["1h", "24h", "7d", "30d", "1y"] as const;
export type Range = (typeof RANGES)[number];

/** Which point's history is open, and over which range. */
export interface ChartChoice {
  readonly point?: string;
  readonly range: Range;
}

export type Route =
  | { readonly page: "overview" }
  | { readonly page: "alarms"; readonly view: "active" | "history" }
  | { readonly page: "alarm"; readonly id: string }
  | { readonly page: "spaces" }
  | { readonly page: "space"; readonly id: string; readonly chart: ChartChoice }
  | { readonly page: "devices" }
  | { readonly page: "device"; readonly id: string; readonly chart: ChartChoice }
  | { readonly page: "more" }
  | { readonly page: "link"; readonly link: string }
  | { readonly page: "unknown"; readonly path: string };

export const RANGE_DEFAULT: Range = "24h";

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?");
  const [page, id] = path
    .split("/")
    .filter((part) => part !== "")
    .map(decode);
  switch (page) {
    case undefined:
      return { page: "overview" };
    case "alarms":
      if (id === undefined) return { page: "alarms", view: "active" };
      return id === "history" ? { page: "alarms", view: "history" } : { page: "alarm", id };
    case "spaces":
      return id === undefined ? { page: "spaces" } : { page: "space", id, chart: choice(query) };
    case "devices":
      return id === undefined ? { page: "devices" } : { page: "device", id, chart: choice(query) };
    case "more":
      return { page: "more" };
    case "link":
      return { page: "link", link: id ?? "" };
    default:
      return { page: "unknown", path };
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function choice(query: string): ChartChoice {
  const params = new URLSearchParams(query);
  const range = RANGES.find((known) => known === params.get("range")) ?? RANGE_DEFAULT;
  const point = params.get("point");
  return point === null || point === "" ? { range } : { point, range };
}

export function hrefOf(route: Route): string {
  switch (route.page) {
    case "overview":
      return "#/";
    case "alarms":
      return route.view === "history" ? "#/alarms/history" : "#/alarms";
    case "alarm":
      return `#/alarms/${encodeURIComponent(route.id)}`;
    case "space":
      return `#/spaces/${encodeURIComponent(route.id)}${queryOf(route.chart)}`;
    case "device":
      return `#/devices/${encodeURIComponent(route.id)}${queryOf(route.chart)}`;
    case "link":
      return `#/link/${encodeURIComponent(route.link)}`;
    case "unknown":
      return `#${route.path}`;
    default:
      return `#/${route.page}`;
  }
}

function queryOf(chart: ChartChoice): string {
  const params = new URLSearchParams();
  if (chart.point !== undefined) params.set("point", chart.point);
  if (chart.range !== RANGE_DEFAULT) params.set("range", chart.range);
  const query = params.toString();
  return query === "" ? "" : `?${query}`;
}

export const toSpace = (id: string): string =>
  hrefOf({ page: "space", id, chart: { range: RANGE_DEFAULT } });
export const toDevice = (id: string): string =>
  hrefOf({ page: "device", id, chart: { range: RANGE_DEFAULT } });
export const toAlarm = (id: string): string => hrefOf({ page: "alarm", id });
