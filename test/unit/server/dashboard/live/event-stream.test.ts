/**
 * The examples are those of the WHATWG HTML standard, section 9.2.6 "Interpreting an event stream"
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 */
import { describe, expect, it } from "vitest";
import {
  EVENT_CHARACTERS_MAX,
  EventStreamReader,
} from "../../../../../server/dashboard/live/event-stream.ts";

const read = (text: string) => new EventStreamReader().push(text);
const dataOf = (text: string): readonly string[] => read(text).map(({ data }) => data);

describe("the standard's examples", () => {
  it("joins lines of data with a newline", () => {
    expect(dataOf("data: YHOO\ndata: +2\ndata: 10\n\n")).toEqual(["YHOO\n+2\n10"]);
  });

  it("comments, ids, an empty id, and a last block that is not ended", () => {
    const reader = new EventStreamReader();
    const text =
      ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n";
    expect(reader.push(text).map(({ data }) => data)).toEqual(["first event", "second event"]);
    expect(reader.lastEventId).toBe("");
  });

  it("fires for empty data and for two empty lines, not for an unended one", () => {
    expect(dataOf("data\n\ndata\ndata\n\ndata:")).toEqual(["", "\n"]);
  });

  it("ignores one space after the colon only", () => {
    expect(dataOf("data:test\n\ndata: test\n\n")).toEqual(["test", "test"]);
  });
});

it("reads the event's name and forgets it with the event", () => {
  expect(read("event: alarm\ndata: {}\n\ndata: {}\n\n").map(({ event }) => event)).toEqual([
    "alarm",
    "message",
  ]);
});

it("gives the same events whatever the pieces they come in, with every kind of line end", () => {
  const text = 'id: 7\r\nevent: samples\r\ndata: {"a":1}\r\n\r\n: beat\r\revent: x\rdata: 2\r\r';
  const whole = read(text);
  expect(whole).toHaveLength(2);
  for (let size = 1; size < text.length; size++) {
    const reader = new EventStreamReader();
    const events = [];
    for (let i = 0; i < text.length; i += size)
      events.push(...reader.push(text.slice(i, i + size)));
    expect(events, `pieces of ${size}`).toEqual(whole);
    expect(reader.lastEventId).toBe("7");
  }
});

it("gives up on an event without end", () => {
  const reader = new EventStreamReader();
  expect(() => reader.push(`data: ${"x".repeat(EVENT_CHARACTERS_MAX)}`)).toThrow(/longer than/);
});
