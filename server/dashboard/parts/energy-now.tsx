/** Power now: the site's own meter large, the buildings' meters below, each with its age. */
import { useComputed } from "@preact/signals";
import type { PointView } from "../../api/contract.ts";
import { useDesk, useWords } from "../desk.ts";
import { powerMeters } from "../places/power.ts";
import { hrefOf, RANGE_DEFAULT } from "../routes.ts";
import { PointValue } from "./point-value.tsx";

export function EnergyNow() {
  const { store } = useDesk();
  const { t } = useWords();
  const meters = useComputed(() =>
    powerMeters({ points: store.points.value, spaces: store.spaces.value }),
  );
  const { site, buildings } = meters.value;
  if (site.length + buildings.length === 0) return <p class="empty">{t("energy.empty")}</p>;
  return (
    <div class="energy">
      {site.map((point) => (
        <p key={point.point} class="energy-site">
          <MeterName point={point} />
          <PointValue point={point} aged />
        </p>
      ))}
      <ul class="rows">
        {buildings.map((point) => (
          <li key={point.point}>
            <MeterName point={point} />
            <PointValue point={point} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function MeterName({ point }: { readonly point: PointView }) {
  const { store } = useDesk();
  const { name } = useWords();
  const spaces = store.spaces.value;
  const devices = store.devices.value;
  const space = spaces.get(point.space);
  const device = devices.get(point.device);
  const chart = { point: point.point, range: RANGE_DEFAULT };
  return (
    <a href={hrefOf({ page: "space", id: point.space, chart })} title={device && name(device.name)}>
      {space ? name(space.name) : point.space}
    </a>
  );
}
