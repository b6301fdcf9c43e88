/** The history of one point: range, chart or table, a summary in words, and the rows as CSV. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { PointView } from "../../api/contract.ts";
import type { Problem } from "../api/problem.ts";
import { useDesk, useTimeStyle, useWords } from "../desk.ts";
import { wordsOf } from "../format/value.ts";
import { ProblemNote } from "../parts/problem.tsx";
import { RANGES, type Range } from "../routes.ts";
import type { Words } from "../texts/words.ts";
import { Chart } from "./chart.tsx";
import { csvOf } from "./csv.ts";
import { drawingOf } from "./drawing.ts";
import { type LoadedChart, loadChart } from "./load.ts";
import { planFor } from "./ranges.ts";
import { summaryOf } from "./rows.ts";
import { RowsTable } from "./rows-table.tsx";
import { seriesColour } from "./series-colour.ts";

interface HistoryPanelProps {
  readonly point: PointView;
  readonly range: Range;
  /** The range is either part of the page's address, or chosen in place. */
  readonly hrefOf?: (range: Range) => string;
  readonly choose?: (range: Range) => void;
}

export function HistoryPanel(props: HistoryPanelProps) {
  const { point, range } = props;
  const words = useWords();
  const isTable = useSignal(false);
  const { loaded, problem } = useChart(point, range);
  return (
    <section class="panel history-panel" aria-label={words.t("chart.title")}>
      <h2>
        {words.name(point.name)}{" "}
        <span class="quiet facts">
          {point.kind === "counter" ? words.t("chart.perStep") : ""} {point.symbol}
        </span>
      </h2>
      <RangeChoice {...props} />
      <ProblemNote problem={problem} />
      {loaded && <Shown point={point} loaded={loaded} range={range} isTable={isTable.value} />}
      {!loaded && !problem && <div class="chart is-waiting" aria-busy="true" />}
      <p class="actions">
        <button
          type="button"
          onClick={() => {
            isTable.value = !isTable.value;
          }}
        >
          {isTable.value ? words.t("chart.asChart") : words.t("chart.asTable")}
        </button>
        {loaded && <CsvButton point={point} loaded={loaded} range={range} />}
      </p>
    </section>
  );
}

/** Loads at once and again as time goes by, until another point or range is chosen. */
function useChart(point: PointView, range: Range) {
  const { client, clock, store } = useDesk();
  const held = useSignal<{ readonly key: string; readonly loaded: LoadedChart } | undefined>(
    undefined,
  );
  const problem = useSignal<Problem | undefined>(undefined);
  const key = `${point.point} ${range}`;
  const follow = () => {
    const abort = new AbortController();
    const plan = planFor(point, range);
    const load = async (): Promise<void> => {
      const answer = await loadChart(client, point, { plan, to: store.now.peek() });
      if (abort.signal.aborted) return;
      problem.value = answer.ok ? undefined : answer.problem;
      if (answer.ok) held.value = { key, loaded: answer.value };
    };
    const repeat = async (): Promise<void> => {
      while (!abort.signal.aborted) {
        await load();
        await clock.sleep(plan.reloadEvery, abort.signal);
      }
    };
    void repeat();
    return () => abort.abort();
  };
  useEffect(follow, [key]);
  const loaded = held.value?.key === key ? held.value.loaded : undefined;
  return { loaded, problem: problem.value };
}

function RangeChoice({ range, hrefOf, choose }: HistoryPanelProps) {
  const { t } = useWords();
  return (
    <fieldset class="choices" aria-label={t("chart.range")}>
      {RANGES.map((each) =>
        hrefOf ? (
          <a
            key={each}
            class="button"
            href={hrefOf(each)}
            aria-current={each === range ? "true" : undefined}
          >
            {t(`range.${each}`)}
          </a>
        ) : (
          <button
            key={each}
            type="button"
            aria-pressed={each === range}
            onClick={() => choose?.(each)}
          >
            {t(`range.${each}`)}
          </button>
        ),
      )}
    </fieldset>
  );
}

interface ShownProps {
  readonly point: PointView;
  readonly loaded: LoadedChart;
  readonly range: Range;
}

function Shown(props: ShownProps & { readonly isTable: boolean }) {
  const { point, loaded, range, isTable } = props;
  const { store, preferences } = useDesk();
  const words = useWords();
  const style = useTimeStyle();
  const summary = summaryText(point, loaded, words);
  if (summary === undefined) return <p class="empty">{words.t("chart.empty")}</p>;
  if (isTable) return <RowsTable point={point} rows={loaded.rows} />;
  const alarms = store.alarms.value.filter((alarm) => alarm.point === point.point);
  return (
    <>
      <Chart
        drawing={drawingOf({ point, loaded, range, alarms, words, style })}
        colour={seriesColour(point)}
        label={`${words.name(point.name)}: ${summary}`}
        theme={preferences.theme.value}
      />
      <p class="quiet">{summary}</p>
    </>
  );
}

function summaryText(point: PointView, { rows }: LoadedChart, words: Words): string | undefined {
  const summary = summaryOf(rows);
  if (!summary) return undefined;
  const write = (value: number): string =>
    wordsOf({ ...point, kind: "gauge" }, value, words.language).text;
  const { min, max, total, gaps } = summary;
  const values =
    point.kind === "counter"
      ? words.t("chart.total", { total: write(total) })
      : words.t("chart.span", { min: write(min), max: write(max) });
  return gaps === 0 ? values : values + words.t("chart.gaps", { count: gaps });
}

function CsvButton({ point, loaded, range }: ShownProps) {
  const { t } = useWords();
  const { zone } = useTimeStyle();
  const save = (): void => {
    const csv = csvOf(loaded.rows, { point: point.point, unit: point.unit, zone });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv], { type: "text/csv" }));
    link.download = `${point.point.replaceAll("/", "-")}-${range}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <button type="button" onClick={save}>
      {t("chart.csv")}
    </button>
  );
}
