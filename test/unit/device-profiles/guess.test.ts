/** Registers of real devices (from the vectors), and what their maps say they are. */
import { describe, expect, test } from "vitest";
import { type GuessQuestion, guess } from "../../../device-profiles/guess.ts";

const BIG = { words: "big", bytes: "big" };
const words = (text: string): readonly number[] =>
  text.split(" ").map((word) => Number.parseInt(word, 16));

describe("the likeliest reading", () => {
  test.each([
    {
      name: "float32 of an Eastron meter is 230.2 V",
      question: { words: words("4366 3334") },
      want: { type: "float32", order: BIG, scale: 1, start: 0, quantity: "voltage" },
    },
    {
      name: "225.7 V in tenths of a PZEM",
      question: { words: words("08D1"), quantity: "voltage" },
      want: { type: "uint16", scale: 0.1, value: 225.7 },
    },
    {
      name: "50.0 Hz in tenths",
      question: { words: words("01F4"), quantity: "frequency" },
      want: { type: "uint16", scale: 0.1, value: 50 },
    },
    {
      name: "float32 with the low word first",
      question: { words: words("3334 4366") },
      want: { type: "float32", order: { words: "little", bytes: "big" }, quantity: "voltage" },
    },
    {
      name: "float32 with everything turned round",
      question: { words: words("3433 6643") },
      want: { type: "float32", order: { words: "little", bytes: "little" }, quantity: "voltage" },
    },
    {
      name: "one register too low: the value begins at the second",
      question: { words: words("0000 4366 3334"), near: 230.2 },
      want: { type: "float32", start: 1, quantity: "voltage" },
    },
    {
      name: "low word first, as a PZEM writes 24.4 W, known from its display",
      question: { words: words("00F4 0000"), near: 24.4, quantity: "power" },
      want: { value: 24.4, scale: 0.1 },
    },
    {
      name: "8567.20 kWh in hundredths over four registers (ABB), rising",
      question: {
        words: words("0000 0000 000D 1290"),
        later: words("0000 0000 000D 1295"),
        quantity: "energy",
        near: 8567.2,
      },
      want: { scale: 0.01, value: 8567.2 },
    },
    {
      name: "decimal digits in binary",
      question: { words: words("2302"), quantity: "voltage" },
      want: { type: "bcd16", scale: 0.1, value: 230.2 },
    },
  ] satisfies { name: string; question: GuessQuestion; want: object }[])(
    "$name",
    ({ question, want }) => {
      expect(guess(question)[0]).toMatchObject(want);
    },
  );
});

describe("a counter", () => {
  test("that fell between two reads is not one", () => {
    const question = { words: words("0010"), later: words("000F"), quantity: "energy" } as const;
    expect(
      guess(question).filter((found) => found.type === "uint16" && found.order.bytes === "big"),
    ).toEqual([]);
  });

  test("that rose a little outranks the same words read wrongly", () => {
    const found = guess({
      words: words("0001 86A0"),
      later: words("0001 86A5"),
      quantity: "energy",
    });
    expect(found[0]).toMatchObject({ type: "uint32", order: BIG, start: 0 });
  });
});

test("nothing plausible is an empty list; no words too", () => {
  expect(guess({ words: [0, 0], quantity: "voltage" })).toEqual([]);
  expect(guess({ words: [] })).toEqual([]);
});

test("scores fall from the first to the last", () => {
  const scores = guess({ words: words("4366 3334 0102 08D1") }).map((found) => found.score);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
});
