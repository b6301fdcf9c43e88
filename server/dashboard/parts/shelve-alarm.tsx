/** Puts an alarm aside for a while, or ends that early. */
import { useSignal } from "@preact/signals";
import type { AlarmView } from "../../api/contract.ts";
import type { Answer, Problem } from "../api/problem.ts";
import { useDesk, useMayAct, useWords } from "../desk.ts";
import { ProblemNote } from "./problem.tsx";

const SPANS_S = [1_800, 7_200, 28_800] as const;
const REASON_CHARACTERS_MIN = 3;
const REASON_CHARACTERS_MAX = 1_000;

/** Sends one wish about an alarm and shows what the server made of it. */
function useAlarmWish() {
  const { store } = useDesk();
  const isSending = useSignal(false);
  const problem = useSignal<Problem | undefined>(undefined);
  const send = async (ask: () => Promise<Answer<AlarmView>>): Promise<void> => {
    isSending.value = true;
    const answer = await ask();
    isSending.value = false;
    problem.value = answer.ok ? undefined : answer.problem;
    if (answer.ok) store.take({ kind: "alarm", alarm: answer.value });
  };
  return { send, isSending, problem };
}

export function ShelveAlarm({ alarm }: { readonly alarm: AlarmView }) {
  if (alarm.state === "closed") return null;
  if (alarm.shelved) return <Unshelve alarm={alarm} />;
  return alarm.priority === "emergency" ? null : <Shelve alarm={alarm} />;
}

function Unshelve({ alarm }: { readonly alarm: AlarmView }) {
  const { client } = useDesk();
  const { t } = useWords();
  const mayAct = useMayAct();
  const { send, isSending, problem } = useAlarmWish();
  return (
    <section class="panel">
      <button
        type="button"
        disabled={isSending.value || !mayAct}
        onClick={() => void send(() => client.unshelve(alarm.id))}
      >
        {isSending.value ? t("sending") : t("alarm.unshelve")}
      </button>
      <ProblemNote problem={problem.value} />
    </section>
  );
}

function Shelve({ alarm }: { readonly alarm: AlarmView }) {
  const { client } = useDesk();
  const { t } = useWords();
  const mayAct = useMayAct();
  const forS = useSignal<number>(SPANS_S[0]);
  const reason = useSignal("");
  const { send, isSending, problem } = useAlarmWish();
  const submit = (event: Event): void => {
    event.preventDefault();
    const body = { forS: forS.value, reason: reason.value.trim() };
    void send(() => client.shelve(alarm.id, body));
  };
  return (
    <form class="panel" onSubmit={submit}>
      <h2>{t("alarm.shelveTitle")}</h2>
      <p class="quiet">{t("alarm.shelveMeans")}</p>
      <label>
        {t("alarm.shelveFor")}
        <select
          value={forS.value}
          onChange={(event) => {
            forS.value = Number(event.currentTarget.value);
          }}
        >
          {SPANS_S.map((seconds) => (
            <option key={seconds} value={seconds}>
              {t("command.holdHours", { hours: seconds / 3_600 })}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t("alarm.closeReason")}
        <input
          type="text"
          required
          minLength={REASON_CHARACTERS_MIN}
          maxLength={REASON_CHARACTERS_MAX}
          value={reason.value}
          onInput={(event) => {
            reason.value = event.currentTarget.value;
          }}
        />
      </label>
      <button type="submit" disabled={isSending.value || !mayAct}>
        {isSending.value ? t("sending") : t("alarm.shelve")}
      </button>
      <ProblemNote problem={problem.value} />
    </form>
  );
}
