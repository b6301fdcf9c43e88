/** How the server itself is, part by part. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { HealthView } from "../../api/contract.ts";
import { useDesk, useWords } from "../desk.ts";
import { ms, SECOND } from "../format/instant.ts";
import { spanPhrase } from "../texts/phrases.ts";
import { FaultMark } from "./mark.tsx";

export function SystemHealth() {
  const { client } = useDesk();
  const words = useWords();
  const health = useSignal<HealthView | undefined>(undefined);
  useEffect(() => {
    void client.health().then((answer) => {
      if (answer.ok) health.value = answer.value;
    });
  }, [client, health]);
  const { t } = words;
  if (!health.value) return null;
  const { version, uptimeS, components } = health.value;
  return (
    <section class="panel">
      <h2>{t("system.title")}</h2>
      <p class="quiet">
        {t("system.runs", { version, span: spanPhrase(ms(uptimeS * SECOND), words) })}
      </p>
      <ul class="rows">
        {Object.entries(components).map(([name, { status, detail }]) => (
          <li key={name}>
            {status === "degraded" && <FaultMark />}
            <span>{name}</span>
            <span class={status === "ok" ? "quiet" : "offline"}>
              {t(`system.${status}`)}
              {detail && ` · ${detail}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
