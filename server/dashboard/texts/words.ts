/**
 * Texts in the reader's language. Chinese holds the list of keys; a key that English lacks, or a hole
 * that is not filled, fails the type check.
 */
import type { Label, Language } from "../../../core/label.ts";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

export type TextKey = keyof typeof zh;

type HolesIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | HolesIn<Rest>
  : never;
export type Holes<Key extends TextKey> = HolesIn<(typeof zh)[Key]>;
export type Fillings<Key extends TextKey> = [Holes<Key>] extends [never]
  ? []
  : [{ readonly [Name in Holes<Key>]: string | number }];

const TEXTS: Readonly<Record<Language, Readonly<Record<TextKey, string>>>> = { zh, en };

export interface Words {
  readonly language: Language;
  readonly t: <Key extends TextKey>(key: Key, ...fillings: Fillings<Key>) => string;
  readonly name: (label: Label) => string;
}

export function wordsIn(language: Language): Words {
  return {
    language,
    t: (key, ...fillings) => fill(TEXTS[language][key], fillings[0] ?? {}, language),
    name: (label) => label[language],
  };
}

/**
 * Fills `{name}` holes. Where a text has two forms, `one|many`, the number in `{count}` chooses by the
 * plural rules of the language.
 */
export function fill(
  text: string,
  values: Readonly<Record<string, string | number>>,
  language: Language,
): string {
  const [one = "", many = one] = text.split("|");
  const isOne = new Intl.PluralRules(language).select(Number(values.count)) === "one";
  return (isOne ? one : many).replace(/\{(\w+)\}/g, (hole, name: string) =>
    String(values[name] ?? hole),
  );
}
