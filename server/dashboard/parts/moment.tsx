/** A point in time in site zone, and an age that keeps running. */
import { useComputed } from "@preact/signals";
import { useDesk, useTimeStyle, useWords } from "../desk.ts";
import { between, instantOf } from "../format/instant.ts";
import { formatMoment } from "../format/time.ts";
import { agePhrase } from "../texts/phrases.ts";

export function Moment({ at }: { readonly at: string }) {
  const { store } = useDesk();
  const style = useTimeStyle();
  return <time dateTime={at}>{formatMoment(instantOf(at), store.now.peek(), style)}</time>;
}

export function Age({ since }: { readonly since: string }) {
  const { store } = useDesk();
  const words = useWords();
  const age = useComputed(() => agePhrase(between(instantOf(since), store.now.value), words));
  return (
    <time class="age" dateTime={since}>
      {age}
    </time>
  );
}
