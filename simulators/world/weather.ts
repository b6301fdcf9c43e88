/** The sky over southern Shandong (34.8° N): temperature, cloud and daylight as functions of time. */
import type { Instant } from "../../core/time.ts";
import { ZONE_OFFSET_MS } from "./calendar.ts";
import { chance, keyOf, wander } from "./chance.ts";

export interface Weather {
  readonly outdoorC: number;
  readonly humidityPercent: number;
  /** 0 clear to 1 overcast. */
  readonly cloud: number;
  /** Outdoors, on the ground. */
  readonly daylightLx: number;
  /** District heating runs from mid-November to mid-March. */
  readonly heating: boolean;
}

const HOUR_MS = 3_600_000;
const YEAR_DAYS = 365.2425;
const LATITUDE = (34.8 * Math.PI) / 180;
const CLEAR_SKY_LX = 110_000;

const keys = {
  front: keyOf("weather front"),
  cloud: keyOf("cloud"),
  humidity: keyOf("humidity"),
} as const;

export function weatherAt(seed: number, time: Instant): Weather {
  const localHours = (time + ZONE_OFFSET_MS) / HOUR_MS;
  const hour = localHours % 24;
  const yearDay = (localHours / 24) % YEAR_DAYS;
  const season = (2 * Math.PI * (yearDay - 20)) / YEAR_DAYS;
  const cloud = Math.min(1, Math.max(0, 0.5 + 0.75 * wander(seed, keys.cloud, localHours / 11)));
  const swing = 5 - 3 * cloud;
  const outdoorC =
    14 -
    13 * Math.cos(season) +
    swing * Math.cos((2 * Math.PI * (hour - 15)) / 24) +
    4 * wander(seed, keys.front, localHours / 70);
  const humidityPercent = Math.min(
    98,
    Math.max(18, 58 + 22 * cloud - swing + 12 * wander(seed, keys.humidity, localHours / 17)),
  );
  return {
    outdoorC,
    humidityPercent,
    cloud,
    daylightLx: daylight(hour, yearDay) * (1 - 0.78 * cloud),
    heating: yearDay >= 318 || yearDay < 74,
  };
}

function daylight(hour: number, yearDay: number): number {
  const declination = -0.409 * Math.cos((2 * Math.PI * (yearDay + 10)) / YEAR_DAYS);
  const hourAngle = ((hour - 12) * Math.PI) / 12;
  const height =
    Math.sin(LATITUDE) * Math.sin(declination) +
    Math.cos(LATITUDE) * Math.cos(declination) * Math.cos(hourAngle);
  return Math.max(0, height) * CLEAR_SKY_LX;
}

/** Wind for the doors and the mood of a day: how lively the campus is compared with others. */
export const livelinessOf = (seed: number, dayNumber: number): number =>
  0.92 + 0.16 * chance(seed, keys.front, dayNumber);
