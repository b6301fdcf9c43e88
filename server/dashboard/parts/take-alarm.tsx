/** The button with which a person takes an alarm, with what came of pressing it. */
import { useSignal } from "@preact/signals";
import type { AlarmView } from "../../api/contract.ts";
import { isUntaken } from "../alarms/queue.ts";
import type { Problem } from "../api/problem.ts";
import { useDesk, useMayAct, useWords } from "../desk.ts";
import { ProblemNote } from "./problem.tsx";

/** Acknowledges once; the state on the page changes when the server says so. */
export function useTakeAlarm(alarm: AlarmView) {
  const { client, store } = useDesk();
  const isSending = useSignal(false);
  const problem = useSignal<Problem | undefined>(undefined);
  const take = async (comment = ""): Promise<boolean> => {
    isSending.value = true;
    problem.value = undefined;
    const answer = await client.acknowledge(alarm.id, comment);
    isSending.value = false;
    if (answer.ok) store.take({ kind: "alarm", alarm: answer.value });
    else problem.value = answer.problem;
    return answer.ok;
  };
  return { take, isSending, problem };
}

export function TakeAlarm({
  alarm,
  class: extra,
}: {
  readonly alarm: AlarmView;
  readonly class?: string;
}) {
  const { t } = useWords();
  const mayAct = useMayAct();
  const { take, isSending, problem } = useTakeAlarm(alarm);
  if (!isUntaken(alarm)) return null;
  return (
    <>
      <button
        type="button"
        class={`primary ${extra ?? ""}`}
        disabled={isSending.value || !mayAct}
        title={mayAct ? undefined : t("role.mayNotAct")}
        onClick={() => void take()}
      >
        {isSending.value ? t("sending") : t("alarm.take")}
      </button>
      <ProblemNote problem={problem.value} />
    </>
  );
}
