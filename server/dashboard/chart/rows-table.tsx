/** The same chart as a table, newest first. */
import { useSignal } from "@preact/signals";
import type { PointView } from "../../api/contract.ts";
import { useTimeStyle, useWords } from "../desk.ts";
import { formatTime } from "../format/time.ts";
import { wordsOf } from "../format/value.ts";
import type { ChartRow } from "./rows.ts";

const ROWS_FIRST = 100;

export function RowsTable(props: {
  readonly point: PointView;
  readonly rows: readonly ChartRow[];
}) {
  const { t } = useWords();
  const rows = useSignal(ROWS_FIRST);
  const newestFirst = [...props.rows].reverse();
  const hidden = newestFirst.length - rows.value;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keys
    <section class="rows-table" tabIndex={0} aria-label={t("chart.asTable")}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("chart.time")}</th>
            <th scope="col" class="right">
              {t("points.value")}
            </th>
            <th scope="col" class="right">
              {t("chart.min")}
            </th>
            <th scope="col" class="right">
              {t("chart.max")}
            </th>
          </tr>
        </thead>
        <tbody>
          {newestFirst.slice(0, rows.value).map((row) => (
            <Row key={row.time} row={row} point={props.point} />
          ))}
        </tbody>
      </table>
      {hidden > 0 && (
        <button
          type="button"
          onClick={() => {
            rows.value += ROWS_FIRST;
          }}
        >
          {t("list.more", { count: hidden })}
        </button>
      )}
    </section>
  );
}

function Row({ row, point }: { readonly row: ChartRow; readonly point: PointView }) {
  const { t, language } = useWords();
  const style = useTimeStyle();
  const write = (value: number | undefined): string =>
    value === undefined ? "" : wordsOf({ ...point, kind: "gauge" }, value, language).full;
  const time = `${formatTime(row.time, "date", style)} ${formatTime(row.time, "time", style)}`;
  const why = row.reason ? t(`reason.${row.reason}`) : t("chart.noData");
  return (
    <tr>
      <th scope="row">{time}</th>
      <td class="right">
        {row.value === undefined ? <span class="none">{why}</span> : write(row.value)}
      </td>
      <td class="right">{write(row.min)}</td>
      <td class="right">{write(row.max)}</td>
    </tr>
  );
}
