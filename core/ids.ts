/**
 * Names of things. All are plain text on the wire and in files, kept apart by brands inside. A point is
 * named `<device>/<point>`, unique in a site.
 */
import type { Brand } from "./brand.ts";
import { failure, type Outcome, success } from "./outcome.ts";

export type SiteId = Brand<string, "SiteId">;
export type SpaceId = Brand<string, "SpaceId">;
export type GatewayId = Brand<string, "GatewayId">;
export type ConnectionId = Brand<string, "ConnectionId">;
export type DeviceId = Brand<string, "DeviceId">;
export type PointId = Brand<string, "PointId">;
export type RuleId = Brand<string, "RuleId">;
export type AlarmId = Brand<string, "AlarmId">;
export type CommandId = Brand<string, "CommandId">;
export type UserId = Brand<string, "UserId">;

/** Names appear in topics, URLs and file names: nothing that needs escaping in any of them. */
const NAME = /^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$/;
export const NAME_RULE = "1 to 64 of a-z 0-9 . _ - and beginning and ending with a letter or digit";

const POINT_NAME = /^[a-z][a-z0-9_]{0,63}$/;
export const POINT_NAME_RULE = "1 to 64 of a-z 0-9 _ and beginning with a letter";

function nameParser<Id extends string>(what: string): (text: string) => Outcome<Id, string> {
  return (text) =>
    NAME.test(text)
      ? success(text as Id)
      : failure(`"${text}" is not a name of a ${what} (${NAME_RULE})`);
}

export const parseSiteId = nameParser<SiteId>("site");
export const parseSpaceId = nameParser<SpaceId>("space");
export const parseGatewayId = nameParser<GatewayId>("gateway");
export const parseConnectionId = nameParser<ConnectionId>("connection");
export const parseDeviceId = nameParser<DeviceId>("device");
export const parseRuleId = nameParser<RuleId>("rule");

export function parsePointId(text: string): Outcome<PointId, string> {
  const slash = text.indexOf("/");
  const device = parseDeviceId(text.slice(0, Math.max(slash, 0)));
  if (!device.ok || !POINT_NAME.test(text.slice(slash + 1))) {
    return failure(`"${text}" is not a point (<device>/<point>, e.g. a1-main/energy_import)`);
  }
  return success(text as PointId);
}

export const isPointName = (text: string): boolean => POINT_NAME.test(text);

/** Joins two names that were parsed before. */
export const pointId = (device: DeviceId, pointName: string): PointId =>
  `${device}/${pointName}` as PointId;

export const deviceOf = (point: PointId): DeviceId =>
  point.slice(0, point.indexOf("/")) as DeviceId;

export const pointNameOf = (point: PointId): string => point.slice(point.indexOf("/") + 1);

/** Constructors for ids the program makes itself or has read from its own durable records. */
export const alarmId = (text: string): AlarmId => text as AlarmId;
export const commandId = (text: string): CommandId => text as CommandId;
export const userId = (text: string): UserId => text as UserId;
export const ruleId = (text: string): RuleId => text as RuleId;
export const spaceId = (text: string): SpaceId => text as SpaceId;
export const gatewayId = (text: string): GatewayId => text as GatewayId;
export const deviceId = (text: string): DeviceId => text as DeviceId;
export const connectionId = (text: string): ConnectionId => text as ConnectionId;
export const siteId = (text: string): SiteId => text as SiteId;
