/** The rows of a chart as CSV (RFC 4180) that a spreadsheet opens in either language. */

import { isoInZone } from "../format/time.ts";
import type { ChartRow } from "./rows.ts";

/** Tells spreadsheets that the file is UTF-8. */
const BYTE_ORDER_MARK = "\ufeff";

export interface CsvOptions {
  readonly point: string;
  readonly unit: string;
  readonly zone: string;
}

export function csvOf(rows: readonly ChartRow[], { point, unit, zone }: CsvOptions): string {
  const head = ["time", "point", "unit", "value", "min", "max", "count", "reason"];
  const lines = rows.map((row) => [
    isoInZone(row.time, zone),
    point,
    unit,
    row.value,
    row.min,
    row.max,
    row.count,
    row.reason,
  ]);
  return BYTE_ORDER_MARK + [head, ...lines].map(line).join("\r\n").concat("\r\n");
}

const line = (cells: readonly (string | number | undefined)[]): string => cells.map(cell).join(",");

function cell(value: string | number | undefined): string {
  if (value === undefined) return "";
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
