/**
 * Says in the header that an emergency could not be heard yet, with the touch that changes it. It keeps its
 * place when the sound is ready: nothing jumps under the finger that unlocked it.
 */
import { useDesk, useWords } from "../desk.ts";

export function SoundChip() {
  const { siren } = useDesk();
  const { t } = useWords();
  const state = siren.state.value;
  if (state === "unavailable") {
    return (
      <span class="sound-chip" title={t("sound.unavailable")}>
        {t("sound.none")}
      </span>
    );
  }
  return (
    <button
      type="button"
      class={`sound-chip ${state === "ready" ? "is-ready" : ""}`}
      title={state === "ready" ? undefined : t("sound.locked")}
      onClick={() => void siren.unlock()}
    >
      {state === "ready" ? t("sound.ready") : t("sound.lockedShort")}
    </button>
  );
}
