/** What every part of the page may use, made once in `main.tsx` and handed down by context. */
import type { ReadonlySignal, Signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Clock } from "../../core/clock.ts";
import type { SessionView } from "../api/contract.ts";
import type { Client } from "./api/client.ts";
import type { Preferences } from "./browser/preferences.ts";
import type { Siren } from "./browser/siren.ts";
import type { TimeStyle } from "./format/time.ts";
import type { LiveStore } from "./live/store.ts";
import type { Route } from "./routes.ts";
import { type Words, wordsIn } from "./texts/words.ts";

/** Who sits here: not asked yet, nobody, somebody, or somebody whose time has run out. */
export type Seat =
  | { readonly kind: "asking" }
  | { readonly kind: "nobody" }
  | { readonly kind: "taken"; readonly session: SessionView }
  | { readonly kind: "expired"; readonly session: SessionView };

export interface Desk {
  readonly client: Client;
  readonly store: LiveStore;
  readonly preferences: Preferences;
  readonly siren: Siren;
  readonly clock: Clock;
  readonly route: ReadonlySignal<Route>;
  readonly seat: Signal<Seat>;
  readonly go: (href: string) => void;
  /** A name for one wish of the person, so that sending it twice is still one wish. */
  readonly newKey: () => string;
}

export const DeskContext = createContext<Desk | undefined>(undefined);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error("a part of the page is used outside of DeskContext");
  return desk;
}

export const useWords = (): Words => wordsIn(useDesk().preferences.language.value);

const ZONE_BEFORE_SITE_IS_KNOWN = "Asia/Shanghai";

export function useTimeStyle(): TimeStyle {
  const { preferences, store } = useDesk();
  return {
    zone: store.site.value?.zone ?? ZONE_BEFORE_SITE_IS_KNOWN,
    language: preferences.language.value,
  };
}

/** Viewers look; everybody else may act as far as the server lets them. */
export function useMayAct(): boolean {
  const seat = useDesk().seat.value;
  return seat.kind === "taken" && seat.session.role !== "viewer";
}
