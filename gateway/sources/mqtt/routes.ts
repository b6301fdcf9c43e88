/** Which devices and points a topic speaks of, worked out once at the start. Pure. */
import type { DeviceId } from "../../../core/ids.ts";
import type { MqttPoint, MqttProfile } from "../../../device-profiles/profile.ts";

export interface MqttDevice {
  readonly id: DeviceId;
  readonly profile: MqttProfile;
  /** Base topic. */
  readonly topic: string;
  /** Tells devices on one topic apart, where the profile says so. */
  readonly serial?: string;
}

export type JsonPath = readonly (string | number)[];

/** A point in the messages of one topic; without a path the payload is the value itself. */
export interface RoutedPoint {
  readonly point: MqttPoint;
  readonly path?: JsonPath;
}

export interface Route {
  readonly device: MqttDevice;
  readonly points: readonly RoutedPoint[];
  readonly isAvailability: boolean;
}

export type Routes = ReadonlyMap<string, readonly Route[]>;

export function topicOf(device: MqttDevice, topic: string): string {
  if (device.profile.topics === "whole") return topic.replaceAll("{base}", device.topic);
  return topic === "" ? device.topic : `${device.topic}/${topic}`;
}

export function routesOf(devices: readonly MqttDevice[]): Routes {
  const routes = new Map<string, Route[]>();
  for (const device of devices) {
    for (const [topic, route] of deviceRoutes(device)) {
      const list = routes.get(topic);
      if (list === undefined) routes.set(topic, [route]);
      else list.push(route);
    }
  }
  return routes;
}

function deviceRoutes(device: MqttDevice): ReadonlyMap<string, Route> {
  const points = new Map<string, RoutedPoint[]>();
  const add = (topic: string, routed: RoutedPoint): void => {
    const full = topicOf(device, topic);
    points.set(full, [...(points.get(full) ?? []), routed]);
  };
  for (const point of device.profile.points) {
    for (const place of [point, ...(point.also ?? [])]) {
      add(place.topic, place.path === undefined ? { point } : { point, path: place.path });
    }
  }
  const { availability } = device.profile;
  const availabilityTopic = availability && topicOf(device, availability.topic);
  if (availabilityTopic !== undefined && !points.has(availabilityTopic)) {
    points.set(availabilityTopic, []);
  }
  const entries = [...points].map(([topic, routed]): [string, Route] => [
    topic,
    { device, points: routed, isAvailability: topic === availabilityTopic },
  ]);
  return new Map(entries);
}
