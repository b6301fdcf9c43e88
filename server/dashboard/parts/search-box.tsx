/** `/` searches places, devices and points; arrows choose, Enter goes there. */
import { useComputed, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { useDesk, useWords } from "../desk.ts";
import { type Hit, QUERY_CHARACTERS_MAX, search } from "../places/search.ts";

export function SearchBox() {
  const { t } = useWords();
  const id = useId();
  const input = useSlashFocus();
  const { query, chosen, hits, open, onKeyDown } = useSearch(input);
  const isOpen = query.value.trim() !== "";
  return (
    <div class="search">
      <input
        ref={input}
        type="text"
        role="combobox"
        aria-expanded={isOpen}
        aria-controls={`${id}-hits`}
        aria-activedescendant={isOpen && hits.length > 0 ? `${id}-${chosen.value}` : undefined}
        aria-label={t("search.label")}
        placeholder={t("search.placeholder")}
        maxLength={QUERY_CHARACTERS_MAX}
        value={query.value}
        onInput={(event) => {
          query.value = event.currentTarget.value;
          chosen.value = 0;
        }}
        onKeyDown={onKeyDown}
      />
      <div id={`${id}-hits`} role="listbox" aria-label={t("search.label")} hidden={!isOpen}>
        {hits.map((hit, i) => (
          <HitRow
            key={`${hit.kind}${hit.id}`}
            id={`${id}-${i}`}
            hit={hit}
            isChosen={i === chosen.value}
            open={open}
          />
        ))}
      </div>
      {isOpen && hits.length === 0 && <p class="search-none">{t("search.none")}</p>}
    </div>
  );
}

/** `/` goes to the search wherever nobody is typing; a hidden search box leaves it to the other one. */
function useSlashFocus() {
  const input = useRef<HTMLInputElement>(null);
  const listen = () => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== "/" || isTyping(event.target)) return;
      if (input.current?.offsetParent === null) return;
      event.preventDefault();
      input.current?.focus();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  };
  useEffect(listen, []);
  return input;
}

function useSearch(input: RefObject<HTMLInputElement | null>) {
  const { store, go } = useDesk();
  const { language } = useWords();
  const query = useSignal("");
  const chosen = useSignal(0);
  const found = useComputed(() => {
    const places = {
      spaces: store.spaces.value,
      devices: store.devices.value,
      points: store.points.value,
    };
    return search(places, query.value, language);
  });
  const hits = found.value;
  const open = (hit: Hit | undefined): void => {
    if (!hit) return;
    query.value = "";
    input.current?.blur();
    go(hit.href);
  };
  const move = (by: number): void => {
    chosen.value = Math.max(0, Math.min(hits.length - 1, chosen.value + by));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter") open(hits[chosen.value]);
    else if (event.key === "Escape") query.value = "";
    else if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else return;
    event.preventDefault();
  };
  return { query, chosen, hits, open, onKeyDown };
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches("input, textarea, select");

interface HitRowProps {
  readonly id: string;
  readonly hit: Hit;
  readonly isChosen: boolean;
  readonly open: (hit: Hit) => void;
}

function HitRow({ id, hit, isChosen, open }: HitRowProps) {
  const { t } = useWords();
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys of a combobox are handled on its input
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={isChosen}
      class="hit"
      onClick={() => open(hit)}
    >
      <span>{hit.name}</span>
      <span class="quiet">
        {t(`search.${hit.kind}`)} {hit.place}
      </span>
    </div>
  );
}
