/** The points of one space or device: name, value, age or why there is none; a tap opens the history. */
import type { PointView } from "../../api/contract.ts";
import { useDesk, useWords } from "../desk.ts";
import { toDevice } from "../routes.ts";
import { PointValue } from "./point-value.tsx";

export interface PointListProps {
  readonly points: readonly PointView[];
  readonly chosen: string | undefined;
  /** The address that opens a point's history on this page. */
  readonly hrefOf: (point: string) => string;
  readonly isWithDevice: boolean;
}

export function PointList({ points, chosen, hrefOf, isWithDevice }: PointListProps) {
  const { t } = useWords();
  if (points.length === 0) return <p class="empty">{t("points.empty")}</p>;
  return (
    <table class="points">
      <thead>
        <tr>
          <th scope="col">{t("points.name")}</th>
          <th scope="col" class="right">
            {t("points.value")}
          </th>
          {isWithDevice && <th scope="col">{t("points.device")}</th>}
        </tr>
      </thead>
      <tbody>
        {points.map((point) => (
          <tr key={point.point} class={point.point === chosen ? "is-chosen" : ""}>
            <th scope="row">
              <PointName
                point={point}
                isChosen={point.point === chosen}
                href={hrefOf(point.point)}
              />
            </th>
            <td class="right">
              <PointValue point={point} />
            </td>
            {isWithDevice && (
              <td>
                <DeviceLink device={point.device} />
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface PointNameProps {
  readonly point: PointView;
  readonly isChosen: boolean;
  readonly href: string;
}

function PointName({ point, isChosen, href }: PointNameProps) {
  const { name, t } = useWords();
  const label = name(point.name);
  if (point.kind === "text" || point.kind === "event") return <span>{label}</span>;
  return (
    <a href={href} aria-current={isChosen ? "true" : undefined} title={t("points.history")}>
      {label}
    </a>
  );
}

export function DeviceLink({ device }: { readonly device: string }) {
  const { store } = useDesk();
  const { name, t } = useWords();
  const known = store.state.value.devices.get(device);
  return (
    <span>
      <a href={toDevice(device)}>{known ? name(known.name) : device}</a>
      {known?.state === "offline" && <span class="offline">{t("device.state.offline")}</span>}
    </span>
  );
}
