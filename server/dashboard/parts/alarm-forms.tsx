/** Taking an alarm with a comment, and closing it with a reason. */
import { useSignal } from "@preact/signals";
import type { AlarmView } from "../../api/contract.ts";
import type { Problem } from "../api/problem.ts";
import { useDesk, useMayAct, useWords } from "../desk.ts";
import { ProblemNote } from "./problem.tsx";
import { useTakeAlarm } from "./take-alarm.tsx";

const COMMENT_CHARACTERS_MAX = 1_000;
const REASON_CHARACTERS_MIN = 3;

export function TakeWithComment({ alarm }: { readonly alarm: AlarmView }) {
  const { t } = useWords();
  const mayAct = useMayAct();
  const comment = useSignal("");
  const { take, isSending, problem } = useTakeAlarm(alarm);
  const submit = (event: Event): void => {
    event.preventDefault();
    void take(comment.value.trim());
  };
  return (
    <form class="panel" onSubmit={submit}>
      <h2>{t("alarm.takeTitle")}</h2>
      <label>
        {t("alarm.comment")}
        <textarea
          rows={2}
          maxLength={COMMENT_CHARACTERS_MAX}
          value={comment.value}
          onInput={(event) => {
            comment.value = event.currentTarget.value;
          }}
        />
      </label>
      <button type="submit" class="primary" disabled={isSending.value || !mayAct}>
        {isSending.value ? t("sending") : t("alarm.take")}
      </button>
      {!mayAct && <p class="quiet">{t("role.mayNotAct")}</p>}
      <ProblemNote problem={problem.value} />
      <p class="quiet">{t("alarm.takeMeans")}</p>
    </form>
  );
}

export function CloseAlarm({ alarm }: { readonly alarm: AlarmView }) {
  const { client, store } = useDesk();
  const { t } = useWords();
  const mayAct = useMayAct();
  const reason = useSignal("");
  const isSending = useSignal(false);
  const problem = useSignal<Problem | undefined>(undefined);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    isSending.value = true;
    const answer = await client.close(alarm.id, reason.value.trim());
    isSending.value = false;
    problem.value = answer.ok ? undefined : answer.problem;
    if (answer.ok) store.take({ kind: "alarm", alarm: answer.value });
  };
  return (
    <form class="panel" onSubmit={(event) => void submit(event)}>
      <h2>{t("alarm.closeTitle")}</h2>
      <p class="quiet">{t("alarm.closeMeans")}</p>
      <label>
        {t("alarm.closeReason")}
        <textarea
          rows={2}
          required
          minLength={REASON_CHARACTERS_MIN}
          maxLength={COMMENT_CHARACTERS_MAX}
          value={reason.value}
          onInput={(event) => {
            reason.value = event.currentTarget.value;
          }}
        />
      </label>
      <button type="submit" disabled={isSending.value || !mayAct}>
        {isSending.value ? t("sending") : t("alarm.close")}
      </button>
      <ProblemNote problem={problem.value} />
    </form>
  );
}
