/** A name in the two languages of the interface. Both are required: nobody reads a half-translated page. */
export interface Label {
  readonly zh: string;
  readonly en: string;
}

export type Language = keyof Label;
export const LANGUAGES = ["zh", "en"] as const satisfies readonly Language[];
