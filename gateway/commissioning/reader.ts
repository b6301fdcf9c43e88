/** What `read` asks, whatever the protocol: look again, then say what is known of every point. */
import type { Duration } from "../../core/time.ts";
import type { SeenPoint } from "./read-table.ts";

/** Personal values and their words are not for a terminal. */
export const HIDDEN = "(personal)";

export interface Reader {
  /** In words for the first line: what is read, and where. */
  readonly title: string;
  /** A fresh look; waits no longer than `patience` for devices that talk by themselves. */
  refresh(patience: Duration): Promise<void>;
  seen(): readonly SeenPoint[];
  /** Resolves when everything it opened is closed. */
  close(): Promise<void>;
}
