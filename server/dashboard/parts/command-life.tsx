/** A command's life in place: what has happened with its time, what is awaited, or where it ended and why. */
import type { CommandView } from "../../api/contract.ts";
import { lifeOf, lossOf } from "../commands/life.ts";
import { useDesk, useWords } from "../desk.ts";
import { instantOf } from "../format/instant.ts";
import { wordsOf } from "../format/value.ts";
import { Moment } from "./moment.tsx";

export function CommandLife({ command }: { readonly command: CommandView }) {
  const { store } = useDesk();
  const { t, language } = useWords();
  const point = store.points.value.get(command.point);
  const wanted = point ? wordsOf(point, command.value, language).text : String(command.value);
  const loss = lossOf(command);
  const holds = command.leaseEnds && instantOf(command.leaseEnds) > store.now.value;
  return (
    <div class="life" data-command={command.id} data-state={command.state}>
      <span class="quiet">
        {t("command.wish", { value: wanted, by: byText(command, t("command.policy")) })}
      </span>
      <ol>
        {lifeOf(command).map((step) => (
          <li key={step.state} class={`step is-${step.kind}`}>
            <span>{t(`command.${step.state}`)}</span>
            {step.at && <Moment at={step.at} />}
            {step.kind === "waiting" && <span aria-hidden="true">…</span>}
          </li>
        ))}
      </ol>
      {loss && (
        <p class="loss">
          {loss.why ? t(`why.${loss.why}`) : (loss.detail ?? "")}
          {loss.shown !== undefined &&
            point &&
            t("command.shown", { value: wordsOf(point, loss.shown, language).text })}
        </p>
      )}
      {holds && command.leaseEnds && command.state === "verified" && (
        <p class="quiet">
          {t("command.holdsUntil")} <Moment at={command.leaseEnds} />
        </p>
      )}
    </div>
  );
}

/** `policy:lights-off` is a policy of the house, everything else a person. */
export function byText(command: Pick<CommandView, "by">, policy: string): string {
  return command.by.startsWith("policy:") ? `${policy} ${command.by.slice(7)}` : command.by;
}
