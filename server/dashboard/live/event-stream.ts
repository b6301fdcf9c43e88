/**
 * Reads `text/event-stream` piece by piece (WHATWG HTML, "Server-sent events"). Our own reader instead of
 * `EventSource`, because a page must see the status of a refused stream, notice silence, and resume with
 * `Last-Event-ID` after it had to begin again.
 */
export interface StreamMessage {
  readonly event: string;
  readonly data: string;
}

/** A longer line or event is no event of ours; the stream is given up and begun again. */
export const EVENT_CHARACTERS_MAX = 16 * 1024 * 1024;

export class EventStreamReader {
  #rest = "";
  #event = "";
  #data: string[] = [];
  #characters = 0;
  #afterReturn = false;
  lastEventId = "";

  /** The events that are complete with this piece. */
  push(piece: string): readonly StreamMessage[] {
    const text = this.#afterReturn && piece.startsWith("\n") ? piece.slice(1) : piece;
    if (piece !== "") this.#afterReturn = piece.endsWith("\r");
    const lines = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length + this.#characters > EVENT_CHARACTERS_MAX) {
      throw new Error(`an event of the stream is longer than ${EVENT_CHARACTERS_MAX} characters`);
    }
    const messages: StreamMessage[] = [];
    for (const line of lines) {
      if (line !== "") this.#field(line);
      else if (this.#data.length > 0) messages.push(this.#take());
      else this.#event = "";
    }
    return messages;
  }

  #take(): StreamMessage {
    const message = { event: this.#event || "message", data: this.#data.join("\n") };
    this.#event = "";
    this.#data = [];
    this.#characters = 0;
    return message;
  }

  #field(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") this.#event = value;
    else if (name === "data") {
      this.#data.push(value);
      this.#characters += value.length;
    } else if (name === "id" && !value.includes("\0")) this.lastEventId = value;
  }
}
