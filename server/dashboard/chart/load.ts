/** Fetches what one chart needs, page by page where the samples are raw. */

import type { Instant } from "../../../core/time.ts";
import type { PointView, SeriesView } from "../../api/contract.ts";
import { type Client, PAGES_MAX } from "../api/client.ts";
import type { Answer } from "../api/problem.ts";
import { isoOf, shifted } from "../format/instant.ts";
import type { RangePlan } from "./ranges.ts";
import { type ChartRow, chartRows } from "./rows.ts";

const ROWS_PER_PAGE = 5_000;

export interface LoadedChart {
  readonly rows: readonly ChartRow[];
  readonly from: Instant;
  readonly to: Instant;
}

export async function loadChart(
  client: Client,
  point: PointView,
  wanted: { readonly plan: RangePlan; readonly to: Instant },
): Promise<Answer<LoadedChart>> {
  const { plan, to } = wanted;
  const from = shifted(to, -plan.span);
  // One bucket earlier, from which a counter's first amount is counted.
  const first = plan.bucket ? shifted(from, -plan.bucket.longest) : from;
  const query = { point: point.point, from: isoOf(first), to: isoOf(to), limit: ROWS_PER_PAGE };
  const rows: SeriesView["rows"] = [];
  let after: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const answer = await client.series({
      ...query,
      ...(plan.bucket && { bucket: plan.bucket.name }),
      ...(after !== undefined && { after }),
    });
    if (!answer.ok) return answer;
    const [item] = answer.value.items;
    rows.push(...(item?.rows ?? []));
    after = item?.next;
    if (after === undefined) break;
  }
  return { ok: true, value: { rows: chartRows(point, rows, plan), from, to } };
}
