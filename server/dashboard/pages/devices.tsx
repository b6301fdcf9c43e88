/** Gateways and devices with their state, those that do not answer first. */
import { useSignal } from "@preact/signals";
import type { DeviceView, GatewayView } from "../../api/contract.ts";
import { useDesk, useWords } from "../desk.ts";
import { FaultMark } from "../parts/mark.tsx";
import { Age, Moment } from "../parts/moment.tsx";
import { PlaceLink } from "../parts/place.tsx";
import { SystemHealth } from "../parts/system-health.tsx";
import { toDevice } from "../routes.ts";

export function DevicesPage() {
  const { t } = useWords();
  return (
    <article>
      <h1>{t("nav.devices")}</h1>
      <Gateways />
      <Devices />
      <SystemHealth />
    </article>
  );
}

function Gateways() {
  const { store } = useDesk();
  const { t } = useWords();
  const gateways = [...store.gateways.value.values()];
  return (
    <section class="panel">
      <h2>{t("gateways.title")}</h2>
      {gateways.length === 0 && <p class="empty">{t("gateways.empty")}</p>}
      <ul class="rows">
        {gateways.map((gateway) => (
          <GatewayRow key={gateway.id} gateway={gateway} />
        ))}
      </ul>
    </section>
  );
}

/** A clock this far off makes times of samples doubtful. */
const CLOCK_OFFSET_SHOWN_MS = 1_000;

function GatewayRow({ gateway }: { readonly gateway: GatewayView }) {
  const { t } = useWords();
  const offsetMs = gateway.clockOffsetMs ?? 0;
  const seconds = Math.round(offsetMs / 100) / 10;
  return (
    <li>
      {gateway.state === "offline" && <FaultMark />}
      <span>{gateway.id}</span>
      <span class={gateway.state === "offline" ? "offline" : "quiet"}>
        {t(`gateway.state.${gateway.state}`)} · {t("since")} <Moment at={gateway.since} />
      </span>
      <span class="quiet">
        {t("gateway.holds", { devices: gateway.devices, points: gateway.points })}
        {gateway.version && ` · ${gateway.version}`}
        {Math.abs(offsetMs) >= CLOCK_OFFSET_SHOWN_MS && ` · ${t("gateway.clock", { seconds })}`}
      </span>
    </li>
  );
}

const ROWS_FIRST = 100;
const ORDER: Readonly<Record<DeviceView["state"], number>> = { offline: 0, unknown: 1, online: 2 };

function Devices() {
  const { store } = useDesk();
  const { t } = useWords();
  const wanted = useSignal("");
  const rows = useSignal(ROWS_FIRST);
  const query = wanted.value.trim().toLowerCase();
  const all = [...store.devices.value.values()]
    .filter(({ id, name }) => `${id} ${name.zh} ${name.en}`.toLowerCase().includes(query))
    .sort((a, b) => ORDER[a.state] - ORDER[b.state] || a.id.localeCompare(b.id));
  const offline = all.filter(({ state }) => state === "offline").length;
  const hidden = all.length - rows.value;
  return (
    <section class="panel">
      <h2>
        {t("devices.title")}{" "}
        <span class="quiet facts">{t("devices.count", { count: all.length, offline })}</span>
      </h2>
      <input
        type="search"
        aria-label={t("devices.filter")}
        placeholder={t("devices.filter")}
        value={wanted.value}
        onInput={(event) => {
          wanted.value = event.currentTarget.value;
        }}
      />
      {all.length === 0 && <p class="empty">{t("devices.empty")}</p>}
      <ul class="rows">
        {all.slice(0, rows.value).map((device) => (
          <DeviceRow key={device.id} device={device} />
        ))}
      </ul>
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

function DeviceRow({ device }: { readonly device: DeviceView }) {
  const { t, name } = useWords();
  return (
    <li>
      {device.state === "offline" && <FaultMark />}
      <span>
        <a href={toDevice(device.id)}>{name(device.name)}</a> · <PlaceLink space={device.space} />
      </span>
      <span class={device.state === "online" ? "quiet" : "offline"}>
        {t(`device.state.${device.state}`)}
        {device.lastSeen && device.state !== "online" && (
          <>
            {" "}
            · <Age since={device.lastSeen} />
          </>
        )}
      </span>
    </li>
  );
}
