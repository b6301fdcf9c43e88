/**
 * A profile's line and the standard name together make the part of a point that all protocols
 * share. Whatever is wrong is reported and the best that can be made of it returned, so that one
 * run finds all.
 */
import type { DocumentPath } from "../core/document.ts";
import type { Label } from "../core/label.ts";
import { dimensionOf } from "../core/quantity.ts";
import { seconds } from "../core/time.ts";
import type { PointLine } from "./point-line.ts";
import { POLL_HEARTBEATS } from "./poll-classes.ts";
import type { ProfileCommand, ProfilePoint } from "./profile.ts";
import { type StandardPoint, type StandardPoints, withoutUndefined } from "./standard-points.ts";

export interface BuildContext {
  readonly standard: StandardPoints;
  readonly report: (path: DocumentPath, message: string) => void;
}

export function buildPoint(
  name: string,
  line: PointLine,
  path: DocumentPath,
  { standard, report }: BuildContext,
): ProfilePoint {
  const known = standard.find(name) ?? guessed(name, path, { standard, report });
  const unit = line.unit ?? known.unit;
  if (dimensionOf(unit) !== dimensionOf(known.unit)) {
    const wrong = `${unit} is a unit of ${dimensionOf(unit)}`;
    report([...path, "unit"], `${wrong}, "${name}" is ${dimensionOf(known.unit)} (${known.unit})`);
  }
  for (const [key, message] of contradictions(line, known)) report([...path, key], message);
  const poll = line.poll ?? known.poll;
  return {
    ...optionalPart(line, known),
    name,
    kind: known.kind,
    unit,
    quantity: line.quantity ?? known.quantity,
    label: line.label ?? known.label,
    personal: line.personal ?? known.personal,
    momentary: line.momentary ?? known.momentary,
    poll,
    deadband: line.deadband ?? known.deadband,
    heartbeat: line.heartbeat ?? known.heartbeat ?? POLL_HEARTBEATS[poll],
    sentinels: line.sentinels ?? [],
    scale: line.scale ?? 1,
    offset: line.offset ?? 0,
  };
}

/**
 * An unknown name is reported, and the rest of its line checked as the name that was probably
 * meant.
 */
function guessed(name: string, path: DocumentPath, { standard, report }: BuildContext) {
  const near = standard.near(name);
  const hint = near === undefined ? "" : ` (did you mean "${near}"?)`;
  report(path, `"${name}" is not in points.yaml${hint}`);
  return standard.find(near ?? "") ?? UNKNOWN_POINT;
}

const UNKNOWN_POINT: StandardPoint = {
  pattern: "",
  kind: "gauge",
  unit: "1",
  quantity: "",
  label: { zh: "", en: "" },
  poll: "slow",
  deadband: 0,
  momentary: false,
  personal: false,
};

function optionalPart(line: PointLine, known: StandardPoint) {
  const { category, subItem, hazard, labels, brick, haystack } = { ...known, ...line };
  const { gate, codes, wrapsAt, stepBackMax, confidence, note } = line;
  const range = line.range && { min: line.range[0], max: line.range[1] };
  const command = line.command && buildCommand(line.command, labels);
  const words = { category, subItem, hazard, labels, brick, haystack };
  return withoutUndefined({
    ...words,
    range,
    command,
    ...{ gate, codes, wrapsAt, stepBackMax, confidence, note },
  });
}

/** A state's labels are its values unless the line lists fewer. */
function buildCommand(
  line: NonNullable<PointLine["command"]>,
  labels: Readonly<Record<string, Label>> | undefined,
): ProfileCommand {
  const { min, max, step, fallback, pauseMin } = line;
  const closed = labels === undefined ? undefined : Object.keys(labels).map(Number);
  const values = line.values ?? (min === undefined && max === undefined ? closed : undefined);
  return {
    ...withoutUndefined({ min, max, step, values, fallback, pauseMin }),
    settle: line.settle ?? seconds(1),
    proof: line.proof ?? "readBack",
    tolerance: line.tolerance ?? 0,
  };
}

function* contradictions(
  line: PointLine,
  known: StandardPoint,
): Generator<readonly [key: keyof PointLine, message: string]> {
  const numeric = known.kind !== "text" && known.kind !== "event";
  const scaled = line.scale !== undefined || line.offset !== undefined;
  if (line.codes !== undefined && scaled) yield ["codes", "contradicts scale and offset"];
  if (line.scale === 0) yield ["scale", "0 makes every value zero"];
  if (line.range !== undefined && line.range[0] >= line.range[1]) {
    yield ["range", `${line.range[0]} is not below ${line.range[1]}`];
  }
  if (line.command !== undefined && !numeric) {
    yield ["command", `a ${known.kind} cannot be commanded`];
  }
  if (line.command !== undefined && known.kind === "counter") {
    yield ["command", "a counter cannot be commanded"];
  }
  const { min, max, fallback } = line.command ?? {};
  if (min !== undefined && max !== undefined && min >= max) {
    yield ["command", `min ${min} is not below max ${max}`];
  }
  if (
    fallback !== undefined &&
    ((min ?? -Infinity) > fallback.value || fallback.value > (max ?? Infinity))
  ) {
    yield ["command", `the fallback ${fallback.value} is outside ${min} to ${max}`];
  }
  if (line.personal === true && numeric) yield ["personal", "only texts and events can be hashed"];
  if (line.momentary === true && known.kind !== "event") yield ["momentary", "only of events"];
  if (line.labels !== undefined && known.kind !== "state") yield ["labels", "only of states"];
  if (line.wrapsAt !== undefined && known.kind !== "counter") yield ["wrapsAt", "only of counters"];
}
