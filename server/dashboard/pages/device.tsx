/** One device: where it is, whether it answers, and its points. */
import { HistoryPanel } from "../chart/history-panel.tsx";
import { useDesk, useWords } from "../desk.ts";
import { Age } from "../parts/moment.tsx";
import { PlacePath } from "../parts/place.tsx";
import { PointList } from "../parts/point-list.tsx";
import { firstToChart, inOrder } from "../places/points.ts";
import { type ChartChoice, hrefOf } from "../routes.ts";

export function DevicePage({ id, chart }: { readonly id: string; readonly chart: ChartChoice }) {
  const { store } = useDesk();
  const { t, name } = useWords();
  const devices = store.devices.value;
  const points = store.points.value;
  const device = devices.get(id);
  if (!device) {
    const isLoading = store.connection.value.kind === "loading";
    return <p class="empty">{isLoading ? t("status.loading") : t("device.unknown", { id })}</p>;
  }
  const own = inOrder([...points.values()].filter((point) => point.device === id));
  const chosen = points.get(chart.point ?? "") ?? firstToChart(own);
  return (
    <article class="device">
      <PlacePath space={device.space} isLinkToLast />
      <h1>
        {name(device.name)}{" "}
        <span class="quiet facts">
          {t(`device.state.${device.state}`)}
          {device.lastSeen && (
            <>
              {" "}
              · <Age since={device.lastSeen} />
            </>
          )}{" "}
          · {device.profile} · {t("gateway.named", { id: device.gateway })}
        </span>
      </h1>
      <div class="space-columns">
        <section class="panel">
          <h2>{t("points.title")}</h2>
          <PointList
            points={own}
            chosen={chosen?.point}
            isWithDevice={false}
            hrefOf={(point) => hrefOf({ page: "device", id, chart: { point, range: chart.range } })}
          />
        </section>
        {chosen && (
          <HistoryPanel
            point={chosen}
            range={chart.range}
            hrefOf={(range) =>
              hrefOf({ page: "device", id, chart: { point: chosen.point, range } })
            }
          />
        )}
      </div>
    </article>
  );
}
