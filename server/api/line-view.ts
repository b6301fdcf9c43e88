/** Lines as the API and Prometheus show them: the newest figures with their age, and the findings. */
import type { DeviceId } from "../../core/ids.ts";
import { pointId } from "../../core/ids.ts";
import { FINDINGS_POINT, LINE_PROFILE, type LineFigure } from "../../core/line.ts";
import { parseFindings } from "../../core/line-findings.ts";
import { symbolOf } from "../../core/quantity.ts";
import { hasValue, numberOf, type Sample } from "../../core/sample.ts";
import { between, type Instant, toIso } from "../../core/time.ts";
import type { LatestValues, Plant, PlantDevice, PlantPoint } from "../plant.ts";
import type { LineFigureView, LineReportView } from "./contract-doctor.ts";
import { deviceState, isStale } from "./sample-view.ts";

export interface LineSources {
  readonly plant: Pick<Plant, "devices" | "point" | "points">;
  readonly latest: Pick<LatestValues, "get">;
}

interface Told {
  readonly point: PlantPoint;
  readonly sample: Sample;
}

export const linesOf = ({ plant }: LineSources): readonly PlantDevice[] =>
  plant.devices().filter((device) => device.profile === LINE_PROFILE);

export function lineReports(
  sources: LineSources,
  now: Instant,
  gateway?: string,
): readonly LineReportView[] {
  const told = toldByLine(sources);
  return linesOf(sources)
    .filter((line) => gateway === undefined || line.gateway === gateway)
    .map((line) => reportOf(line, told.get(line.device) ?? [], now));
}

/** The newest value of a figure, only while it is good and fresh. */
export function freshFigure(
  { plant, latest }: LineSources,
  line: PlantDevice,
  { name }: Pick<LineFigure, "name">,
  now: Instant,
): number | undefined {
  const point = plant.point(pointId(line.device, name));
  const sample = point && latest.get(point.point);
  if (point === undefined || sample?.quality !== "good") return undefined;
  return isStale(sample, point, now) ? undefined : numberOf(sample);
}

function toldByLine(sources: LineSources): ReadonlyMap<DeviceId, readonly Told[]> {
  const told = new Map<DeviceId, Told[]>(linesOf(sources).map((line) => [line.device, []]));
  for (const point of sources.plant.points()) {
    const list = told.get(point.device);
    const sample = list && sources.latest.get(point.point);
    if (sample !== undefined) list?.push({ point, sample });
  }
  return told;
}

function reportOf(line: PlantDevice, told: readonly Told[], now: Instant): LineReportView {
  const { state } = deviceState(told, now);
  const findings = findingsOf(line, told, now);
  return {
    gateway: line.gateway,
    line: line.connection,
    device: line.device,
    name: line.name,
    space: line.space,
    state,
    figures: told.filter(({ point }) => point.kind === "gauge").map((one) => figureView(one, now)),
    ...(findings === undefined ? {} : { findings }),
  };
}

function figureView({ point, sample }: Told, now: Instant): LineFigureView {
  const value = numberOf(sample);
  return {
    point: point.point,
    name: point.name,
    symbol: symbolOf(point.unit),
    time: toIso(sample.time),
    ageS: ageS(sample, now),
    stale: isStale(sample, point, now),
    ...(value === undefined ? {} : { value }),
    ...(sample.quality === "bad" ? { reason: sample.reason } : {}),
  };
}

function findingsOf(
  line: PlantDevice,
  told: readonly Told[],
  now: Instant,
): LineReportView["findings"] {
  const name = pointId(line.device, FINDINGS_POINT.name);
  const sample = told.find(({ point }) => point.point === name)?.sample;
  if (sample === undefined || !hasValue(sample) || typeof sample.value !== "string") {
    return undefined;
  }
  const findings = parseFindings(sample.value);
  if (!findings.ok) return undefined;
  const { sentences, left } = findings.value;
  return { time: toIso(sample.time), ageS: ageS(sample, now), sentences: [...sentences], left };
}

/** A gateway's clock may be a little ahead. */
const ageS = (sample: Sample, now: Instant): number =>
  Math.max(0, Math.round(between(sample.time, now) / 1_000));
