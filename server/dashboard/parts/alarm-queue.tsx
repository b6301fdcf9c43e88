/** Active alarms in the order in which they need somebody; rows stay put under a finger. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { AlarmView } from "../../api/contract.ts";
import { actionQueue } from "../alarms/queue.ts";
import { steadyOrder } from "../alarms/steady.ts";
import { useDesk, useWords } from "../desk.ts";
import { AlarmRow } from "./alarm-row.tsx";

/** More rows than this are on the alarm page's own list, in pieces. */
const ROWS_FIRST = 50;

export function AlarmQueue({ within }: { readonly within?: ReadonlySet<string> }) {
  const { store } = useDesk();
  const { t } = useWords();
  const isHeld = useSignal(false);
  const rows = useSignal(ROWS_FIRST);
  const shown = useRef<readonly string[]>([]);
  const alarms = store.alarmsById.value;
  const queue = actionQueue(
    [...alarms.values()].filter((alarm) => !within || within.has(alarm.space)),
  );
  const wanted = queue.map(({ id }) => id);
  shown.current = steadyOrder(shown.current, wanted, isHeld.value);
  const hold = (held: boolean) => () => {
    isHeld.value = held;
  };
  const list = shown.current
    .slice(0, rows.value)
    .map((id) => alarms.get(id))
    .filter((alarm): alarm is AlarmView => alarm !== undefined);
  const hidden = shown.current.length - list.length;
  return (
    <div>
      {queue.length === 0 && <p class="empty">{t("queue.empty")}</p>}
      <ul
        class="alarm-queue"
        onPointerEnter={hold(true)}
        onPointerLeave={hold(false)}
        onFocusIn={hold(true)}
        onFocusOut={hold(false)}
      >
        {list.map((alarm) => (
          <AlarmRow key={alarm.id} alarm={alarm} />
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
    </div>
  );
}
