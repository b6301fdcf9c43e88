/** Builds the page: everything is made here, in the order in which it depends on each other. */
import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { Client } from "./api/client.ts";
import { App } from "./app.tsx";
import { browserClock } from "./browser/clock.ts";
import { loadPreferences, localKeeper } from "./browser/preferences.ts";
import { Siren } from "./browser/siren.ts";
import { type Desk, DeskContext, type Seat } from "./desk.ts";
import { LiveStore } from "./live/store.ts";
import { parseRoute } from "./routes.ts";
import "./styles/colours.css";
import "./styles/base.css";
import "./styles/house.css";
import "./styles/parts.css";
import "./styles/pages.css";

function begin(root: HTMLElement): void {
  const clock = browserClock;
  const preferences = loadPreferences(
    localKeeper(() => localStorage),
    navigator.languages,
  );
  const seat = signal<Seat>({ kind: "asking" });
  const route = signal(parseRoute(location.hash));
  const siren = new Siren(clock);
  const onSignedOut = (): void => {
    const before = seat.peek();
    if (before.kind === "taken") seat.value = { kind: "expired", session: before.session };
  };
  const client = new Client({
    clock,
    fetch: (input, init) => fetch(input, init),
    onServerAhead: (aheadMs) => store.setServerAhead(aheadMs),
    onSignedOut,
  });
  const store: LiveStore = new LiveStore(client, clock, onSignedOut);
  const go = (href: string): void => {
    location.hash = href;
  };
  const newKey = (): string => crypto.randomUUID();
  const desk: Desk = { client, store, preferences, siren, clock, route, seat, go, newKey };

  window.addEventListener("hashchange", () => {
    route.value = parseRoute(location.hash);
    scrollTo(0, 0);
  });
  // Not `pointerdown`: what a touch unlocks must not change the button under the finger that is still down.
  for (const touch of ["click", "keydown"]) {
    window.addEventListener(touch, () => void siren.unlock(), { once: true });
  }
  effect(() => {
    const theme = preferences.theme.value;
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  });
  followWhileSeated(desk);
  void client.session().then((answer) => {
    if (seat.peek().kind !== "asking") return;
    seat.value = answer.ok ? { kind: "taken", session: answer.value } : { kind: "nobody" };
  });
  render(
    <DeskContext.Provider value={desk}>
      <App />
    </DeskContext.Provider>,
    root,
  );
}

/** The stream runs while somebody is signed in, and begins anew for the next person. */
function followWhileSeated({ seat, store }: Desk): void {
  let abort: AbortController | undefined;
  effect(() => {
    const isSeated = seat.value.kind === "taken";
    if (isSeated && !abort) {
      abort = new AbortController();
      void store.run(abort.signal);
    } else if (!isSeated) {
      abort?.abort();
      abort = undefined;
    }
  });
}

const root = document.getElementById("page");
if (root) begin(root);
