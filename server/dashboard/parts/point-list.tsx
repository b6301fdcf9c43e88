/** Points device by device: name, value, age or why there is none; a tap opens the history. */
import { useSignal } from "@preact/signals";
import type { PointView } from "../../api/contract.ts";
import { useDesk, useWords } from "../desk.ts";
import { groupByDevice, type PointGroup } from "../places/points.ts";
import { toDevice } from "../routes.ts";
import { PointValue } from "./point-value.tsx";

/** A meter may have fifty points: the rest of a device opens with a tap. */
const ROWS_FIRST = 8;

export interface PointListProps {
  readonly points: readonly PointView[];
  readonly chosen: string | undefined;
  /** The address that opens a point's history on this page. */
  readonly hrefOf: (point: string) => string;
  readonly isWithDevice: boolean;
}

export function PointList({ points, ...rest }: PointListProps) {
  const { t } = useWords();
  if (points.length === 0) return <p class="empty">{t("points.empty")}</p>;
  return (
    <>
      {groupByDevice(points).map((group) => (
        <DevicePoints key={group.device} group={group} {...rest} />
      ))}
    </>
  );
}

type DevicePointsProps = Omit<PointListProps, "points"> & { readonly group: PointGroup };

function DevicePoints({ group, chosen, hrefOf, isWithDevice }: DevicePointsProps) {
  const { t } = useWords();
  const isOpen = useSignal(!isWithDevice);
  const { points } = group;
  const isShort = points.length <= ROWS_FIRST + 1;
  const shown = isOpen.value || isShort ? points : points.slice(0, ROWS_FIRST);
  return (
    <table class="points">
      {isWithDevice && (
        <caption class="points-device">
          <DeviceLink device={group.device} />
        </caption>
      )}
      <thead class="visually-hidden">
        <tr>
          <th scope="col">{t("points.name")}</th>
          <th scope="col">{t("points.value")}</th>
        </tr>
      </thead>
      <tbody>
        {shown.map((point) => (
          <PointRow
            key={point.point}
            point={point}
            isChosen={point.point === chosen}
            href={hrefOf(point.point)}
          />
        ))}
        {shown.length < points.length && (
          <tr>
            <td colSpan={2}>
              <button
                type="button"
                onClick={() => {
                  isOpen.value = true;
                }}
              >
                {t("points.all", { count: points.length })}
              </button>
            </td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

interface PointRowProps {
  readonly point: PointView;
  readonly isChosen: boolean;
  readonly href: string;
}

function PointRow({ point, isChosen, href }: PointRowProps) {
  const { name, t } = useWords();
  const label = name(point.name);
  const hasHistory = point.kind !== "text" && point.kind !== "event";
  return (
    <tr class={isChosen ? "is-chosen" : ""}>
      <th scope="row">
        {hasHistory ? (
          <a
            class="point-name"
            href={href}
            aria-current={isChosen ? "true" : undefined}
            title={t("points.history")}
          >
            {label}
          </a>
        ) : (
          label
        )}
      </th>
      <td class="right">
        <PointValue point={point} />
      </td>
    </tr>
  );
}

export function DeviceLink({ device }: { readonly device: string }) {
  const { store } = useDesk();
  const { name, t } = useWords();
  const known = store.devices.value.get(device);
  return (
    <span>
      <a href={toDevice(device)}>{known ? name(known.name) : device}</a>
      {known?.state === "offline" && <span class="offline"> {t("device.state.offline")}</span>}
    </span>
  );
}
