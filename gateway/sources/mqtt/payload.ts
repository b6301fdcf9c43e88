/** Bytes of a message → text and JSON, looked at only when asked for and never trusted. Pure. */
import { failure, type Outcome, success } from "../../../core/outcome.ts";
import type { NoValue } from "../convert.ts";
import type { JsonPath } from "./routes.ts";

/** Longer messages are not parsed. */
export const PAYLOAD_BYTES_MAX = 256 * 1024;

const utf8 = new TextDecoder("utf-8", { fatal: true });

export class Payload {
  readonly #bytes: Uint8Array;
  readonly #tooLarge: number | undefined;
  #text: Outcome<string, NoValue> | undefined;
  #json: Outcome<unknown, NoValue> | undefined;

  /** `tooLarge`: the length of a payload that was not even taken from the network. */
  constructor(bytes: Uint8Array, tooLarge?: number) {
    this.#bytes = bytes;
    this.#tooLarge = tooLarge ?? (bytes.length > PAYLOAD_BYTES_MAX ? bytes.length : undefined);
  }

  text(): Outcome<string, NoValue> {
    this.#text ??= this.#decode();
    return this.#text;
  }

  json(): Outcome<unknown, NoValue> {
    this.#json ??= this.#parse();
    return this.#json;
  }

  /** The value at `path`, or the text itself; undefined where the message has nothing there. */
  at(path: JsonPath | undefined): Outcome<unknown, NoValue> {
    if (path === undefined) return this.text();
    const json = this.json();
    return json.ok ? success(valueAt(json.value, path)) : json;
  }

  #decode(): Outcome<string, NoValue> {
    if (this.#tooLarge !== undefined) {
      const detail = `message of ${this.#tooLarge} bytes, allowed are ${PAYLOAD_BYTES_MAX}`;
      return failure({ reason: "tooLarge", detail });
    }
    try {
      return success(utf8.decode(this.#bytes));
    } catch {
      return failure({ reason: "badPayload", detail: "the message is not UTF-8 text" });
    }
  }

  #parse(): Outcome<unknown, NoValue> {
    const text = this.text();
    if (!text.ok) return text;
    try {
      return success(JSON.parse(text.value));
    } catch {
      return failure({ reason: "badPayload", detail: "the message is not JSON" });
    }
  }
}

/** Own fields only: a path must not reach `constructor` or `length`. */
export function valueAt(json: unknown, path: JsonPath): unknown {
  let value = json;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    if (Array.isArray(value) && typeof step !== "number") return undefined;
    if (!Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}
