/** Gateways and devices that do not answer: faults, kept apart from alarms of the plant. */
import type { DeviceView } from "../../api/contract.ts";
import { useDesk, useWords } from "../desk.ts";
import { toDevice } from "../routes.ts";
import { FaultMark } from "./mark.tsx";
import { Moment } from "./moment.tsx";
import { PlaceLink } from "./place.tsx";

const ROWS_MAX = 6;

export function Faults() {
  const { store } = useDesk();
  const { t } = useWords();
  const gateways = store.gateways.value;
  const devices = store.devices.value;
  const gatewaysOff = [...gateways.values()].filter(({ state }) => state === "offline");
  const devicesOff = [...devices.values()].filter(({ state }) => state === "offline");
  if (gateways.size === 0) return <p class="empty">{t("gateways.empty")}</p>;
  if (gatewaysOff.length + devicesOff.length === 0) {
    const count = devices.size;
    return <p class="quiet">{t("faults.none", { count, gateways: gateways.size })}</p>;
  }
  const hidden = devicesOff.length - ROWS_MAX;
  return (
    <ul class="rows">
      {gatewaysOff.map((gateway) => (
        <li key={gateway.id}>
          <FaultMark /> <a href="#/devices">{t("gateway.named", { id: gateway.id })}</a>{" "}
          {t("gateway.offlineSince")} <Moment at={gateway.since} />
        </li>
      ))}
      {devicesOff.slice(0, ROWS_MAX).map((device) => (
        <OfflineDevice key={device.id} device={device} />
      ))}
      {hidden > 0 && (
        <li>
          <a href="#/devices">{t("list.more", { count: hidden })}</a>
        </li>
      )}
    </ul>
  );
}

function OfflineDevice({ device }: { readonly device: DeviceView }) {
  const { t, name } = useWords();
  return (
    <li>
      <FaultMark />
      <span>
        <a href={toDevice(device.id)}>{name(device.name)}</a> · <PlaceLink space={device.space} />
      </span>
      <span class="quiet">
        {device.lastSeen ? (
          <>
            {t("device.lastSeen")} <Moment at={device.lastSeen} />
          </>
        ) : (
          t("device.neverSeen")
        )}
      </span>
    </li>
  );
}
