/** The shape of an urgency: it says the same as its colour and its word. */
import type { AlarmPriority } from "../../api/contract.ts";
import { useWords } from "../desk.ts";

const SHAPES: Readonly<Record<AlarmPriority, string>> = {
  emergency: "M8 0.5 15.5 8 8 15.5 0.5 8z",
  high: "M8 1 15.5 15H0.5z",
  medium: "M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1z",
  low: "M1 5h14v6H1z",
};

export function PriorityMark({ priority }: { readonly priority: AlarmPriority }) {
  const { t } = useWords();
  return (
    <svg class={`mark is-${priority}`} viewBox="0 0 16 16" role="img">
      <title>{t(`priority.${priority}`)}</title>
      <path d={SHAPES[priority]} />
    </svg>
  );
}

/** A fault of a device, line or process: not an alarm of the plant, and shown apart from one. */
export function FaultMark() {
  const { t } = useWords();
  return (
    <svg class="mark is-low" viewBox="0 0 16 16" role="img">
      <title>{t("fault")}</title>
      <path d={SHAPES.low} />
    </svg>
  );
}

/** Switching is frozen here: a lock. */
export function FrozenMark() {
  const { t } = useWords();
  return (
    <svg class="mark is-frozen" viewBox="0 0 16 16" role="img">
      <title>{t("frozen.word")}</title>
      <path d="M4 7V5a4 4 0 0 1 8 0v2h1v8H3V7zm2 0h4V5a2 2 0 0 0-4 0z" />
    </svg>
  );
}
