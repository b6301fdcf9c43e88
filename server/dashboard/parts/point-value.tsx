/** One point's value as it is known now: with its doubt, or with the reason why there is none. */
import { useComputed, useSignal } from "@preact/signals";
import type { PointView } from "../../api/contract.ts";
import { useDesk, useWords } from "../desk.ts";
import { isExpected, type ShownValue, shownValue } from "../format/value.ts";
import { nonePhrase, reasonPhrase } from "../texts/phrases.ts";
import { Age } from "./moment.tsx";

/** A value younger than this, and than half of what its device may take, needs no age beside it. */
const AGE_SHOWN_FROM_MS = 10_000;
const AGE_SHOWN_SHARE = 0.5;

export function PointValue({
  point,
  aged,
}: {
  readonly point: PointView;
  readonly aged?: boolean;
}) {
  const { store } = useDesk();
  const { language, t } = useWords();
  const latest = useComputed(() => store.latest.value.get(point.point));
  const now = store.now.value;
  const shown = shownValue(point, latest.value, { now, language });
  const agedFrom = isExpected(point)
    ? Math.max(AGE_SHOWN_FROM_MS, point.expectEveryMs * AGE_SHOWN_SHARE)
    : 0;
  const isAged = aged || (shown.kind !== "none" && shown.age > agedFrom);
  if (!latest.value && !isExpected(point)) return <span class="quiet">{t("value.noEvent")}</span>;
  return (
    <span class="value">
      <ShownValueText shown={shown} />
      {isAged && shown.kind !== "none" && latest.value && <Age since={latest.value.time} />}
    </span>
  );
}

function ShownValueText({ shown }: { readonly shown: ShownValue }) {
  const words = useWords();
  const isOpen = useSignal(false);
  if (shown.kind === "good") return <NumberText text={shown.text} full={shown.full} />;
  const reason = reasonPhrase(shown, words);
  if (shown.kind === "none") {
    return (
      <span class="none" title={reason}>
        {nonePhrase(shown, words)}
        {reason && <span class="none-reason">{reason}</span>}
      </span>
    );
  }
  return (
    <span>
      <button
        type="button"
        class="uncertain"
        aria-expanded={isOpen.value}
        onClick={() => {
          isOpen.value = !isOpen.value;
        }}
      >
        {shown.text}
        <span class="visually-hidden">{words.t("value.uncertain")}</span>
      </button>
      {isOpen.value && <span class="none-reason">{reason}</span>}
    </span>
  );
}

/** Three significant digits; a tap shows them all where there are more. */
function NumberText({ text, full }: { readonly text: string; readonly full: string }) {
  const isFull = useSignal(false);
  if (text === full) return <span class="number">{text}</span>;
  return (
    <button
      type="button"
      class="number plain"
      title={full}
      onClick={() => {
        isFull.value = !isFull.value;
      }}
    >
      {isFull.value ? full : text}
    </button>
  );
}
