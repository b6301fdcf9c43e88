/** The outputs of one space, with how long a wish holds and why it is wished. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { PointView } from "../../api/contract.ts";
import { useDesk, useWords } from "../desk.ts";
import { CommandControl } from "./command-control.tsx";

const LEASES_S = [1_800, 7_200, 28_800] as const;
const LEASE_DEFAULT_S = 7_200;
const REASON_CHARACTERS_MAX = 500;
const COMMANDS_LOADED = 50;

interface SwitchesProps {
  readonly points: readonly PointView[];
  readonly space: string;
}

export function Switches({ points, space }: SwitchesProps) {
  const { client, store } = useDesk();
  const { t } = useWords();
  const leaseS = useSignal<number>(LEASE_DEFAULT_S);
  const reason = useSignal("");
  useEffect(() => {
    void client.commands({ space, limit: COMMANDS_LOADED }).then((answer) => {
      if (answer.ok) store.take({ kind: "loaded", snapshot: { commands: answer.value.items } });
    });
  }, [client, store, space]);
  if (points.length === 0) return null;
  const said = reason.value.trim();
  const terms = { leaseS: leaseS.value, reason: said === "" ? t("command.byHand") : said };
  return (
    <section class="panel switches">
      <h2>{t("switches.title")}</h2>
      <ul>
        {points.map((point) => (
          <CommandControl key={point.point} point={point} terms={terms} />
        ))}
      </ul>
      <div class="terms">
        <label>
          {t("command.hold")}
          <select
            value={leaseS.value}
            onChange={(event) => {
              leaseS.value = Number(event.currentTarget.value);
            }}
          >
            {LEASES_S.map((seconds) => (
              <option key={seconds} value={seconds}>
                {t("command.holdHours", { hours: seconds / 3_600 })}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t("command.reason")}
          <input
            type="text"
            maxLength={REASON_CHARACTERS_MAX}
            placeholder={t("command.byHand")}
            value={reason.value}
            onInput={(event) => {
              reason.value = event.currentTarget.value;
            }}
          />
        </label>
      </div>
      <p class="quiet">{t("switches.after")}</p>
    </section>
  );
}
