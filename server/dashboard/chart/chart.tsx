/** A place on the page that a chart is drawn into once the library has come. */
import { useEffect, useRef } from "preact/hooks";
import type { DrawnChart, Picture } from "./picture.ts";

/** Everything of a picture that does not depend on the page's colours. */
export type Drawing = Omit<Picture, "colour" | "ink" | "line" | "field" | "font">;

interface ChartProps {
  readonly drawing: Drawing;
  /** Name of the custom property that holds the colour of what is measured. */
  readonly colour: string;
  readonly label: string;
  /** Changes when colours do. */
  readonly theme: string;
}

export function Chart({ drawing, colour, label, theme }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<DrawnChart | undefined>(undefined);
  const wanted = useRef<() => void>(() => {});
  wanted.current = () => {
    if (place.current) chart.current?.draw({ ...drawing, ...coloursOf(place.current, colour) });
  };
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    let isGone = false;
    const observer = new ResizeObserver(() => chart.current?.resize());
    void import("./picture.ts").then(({ openChart }) => {
      if (isGone) return;
      chart.current = openChart(element);
      observer.observe(element);
      wanted.current();
    });
    return () => {
      isGone = true;
      observer.disconnect();
      chart.current?.dispose();
      chart.current = undefined;
    };
  }, []);
  useEffect(() => wanted.current(), [drawing, colour, theme]);
  return <div ref={place} class="chart" role="img" aria-label={label} />;
}

function coloursOf(element: HTMLElement, colour: string) {
  const style = getComputedStyle(element);
  const read = (name: string): string => {
    element.style.color = `var(${name})`;
    const value = style.color;
    element.style.color = "";
    return value;
  };
  return {
    colour: read(colour),
    ink: read("--quiet"),
    line: read("--line"),
    field: read("--surface"),
    font: style.fontFamily,
  };
}
