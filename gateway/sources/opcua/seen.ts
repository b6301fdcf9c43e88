/**
 * Recognises values that come twice: after a cut line a server sends again what it is not sure we had
 * (measured: every item once). Pure apart from what it remembers, which is bounded per item.
 */
import type { OpcuaValue } from "./value.ts";

/** Values remembered per item. */
const REMEMBERED = 8;

export class Seen {
  readonly #last: OpcuaValue[] = [];

  /** True when this very value with this very source time came before; without a time never. */
  before(value: OpcuaValue): boolean {
    if (value.sourceTime === undefined) return false;
    const isKnown = this.#last.some(
      (other) =>
        other.sourceTime === value.sourceTime &&
        other.status === value.status &&
        Object.is(other.value, value.value),
    );
    if (isKnown) return true;
    this.#last.push(value);
    if (this.#last.length > REMEMBERED) this.#last.shift();
    return false;
  }
}
