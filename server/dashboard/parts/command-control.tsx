/**
 * Changes one point. The pressed button is what the device shows, never what somebody wished; the wish
 * and its life stand beside it.
 */
import { useComputed, useSignal } from "@preact/signals";
import type { PointView } from "../../api/contract.ts";
import type { Problem } from "../api/problem.ts";
import { currentCommand, isEnded } from "../commands/life.ts";
import { useDesk, useMayAct, useWords } from "../desk.ts";
import { wordsOf } from "../format/value.ts";
import { CommandLife } from "./command-life.tsx";
import { PointValue } from "./point-value.tsx";
import { ProblemNote } from "./problem.tsx";

export interface CommandTerms {
  readonly reason: string;
  readonly leaseS: number;
}

/** Why nothing can be sent now; a missing server, a frozen room, a role. */
export function useObstacle(space: string): string | undefined {
  const { store } = useDesk();
  const { t } = useWords();
  const mayAct = useMayAct();
  if (store.spaces.value.get(space)?.frozen) return t("frozen.short");
  if (store.connection.value.kind === "cut") return t("command.needsServer");
  return mayAct ? undefined : t("role.mayNotAct");
}

function useCommand(point: PointView, terms: CommandTerms) {
  const { client, newKey, store } = useDesk();
  const problem = useSignal<Problem | undefined>(undefined);
  const isSending = useSignal(false);
  const send = async (value: number): Promise<void> => {
    isSending.value = true;
    problem.value = undefined;
    const body = { point: point.point, value, reason: terms.reason, leaseS: terms.leaseS };
    const answer = await client.command(body, newKey());
    if (!answer.ok) {
      isSending.value = false;
      problem.value = answer.problem;
      return;
    }
    const sent = await client.commandLife(answer.value.id);
    isSending.value = false;
    if (sent.ok) store.take({ kind: "command", command: sent.value });
  };
  return { send, isSending, problem };
}

export function CommandControl(props: { readonly point: PointView; readonly terms: CommandTerms }) {
  const { point, terms } = props;
  const { store } = useDesk();
  const { name, t } = useWords();
  const obstacle = useObstacle(point.space);
  const { send, isSending, problem } = useCommand(point, terms);
  const command = useComputed(() =>
    currentCommand(store.commands.value.values(), point.point, store.now.value),
  ).value;
  const isBusy = isSending.value || (command !== undefined && !isEnded(command.state));
  return (
    <li class="control" data-point={point.point}>
      <div class="control-head">
        <span class="control-name" id={`name-${point.point}`}>
          {name(point.name)}
        </span>
        <PointValue point={point} />
        <Wishes point={point} isOff={isBusy || obstacle !== undefined} send={send} />
      </div>
      {isSending.value && <p class="quiet">{t("sending")}</p>}
      {obstacle && <p class="quiet">{obstacle}</p>}
      <ProblemNote problem={problem.value} />
      {command && <CommandLife command={command} />}
    </li>
  );
}

interface WishesProps {
  readonly point: PointView;
  readonly isOff: boolean;
  readonly send: (value: number) => Promise<void>;
}

function Wishes({ point, isOff, send }: WishesProps) {
  const { store } = useDesk();
  const { language } = useWords();
  const shown = useComputed(() => store.latest.value.get(point.point));
  const values = point.command?.values;
  if (!values) return <NumberWish point={point} isOff={isOff} send={send} />;
  const latest = shown.value;
  const current = latest && latest.quality !== "bad" ? latest.value : undefined;
  return (
    <fieldset class="choices" aria-labelledby={`name-${point.point}`}>
      {values.map((value) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === current}
          disabled={isOff}
          onClick={() => void send(value)}
        >
          {wordsOf(point, value, language).text}
        </button>
      ))}
    </fieldset>
  );
}

function NumberWish({ point, isOff, send }: WishesProps) {
  const { t } = useWords();
  const typed = useSignal("");
  const { min, max, step } = point.command ?? {};
  const submit = (event: Event): void => {
    event.preventDefault();
    if (typed.value !== "") void send(Number(typed.value));
  };
  return (
    <form class="choices" onSubmit={submit}>
      <input
        type="number"
        required
        min={min}
        max={max}
        step={step ?? "any"}
        value={typed.value}
        aria-labelledby={`name-${point.point}`}
        placeholder={min !== undefined && max !== undefined ? `${min}–${max}` : ""}
        onInput={(event) => {
          typed.value = event.currentTarget.value;
        }}
      />
      <span class="quiet">{point.symbol}</span>
      <button type="submit" disabled={isOff}>
        {t("command.set")}
      </button>
    </form>
  );
}
