/** What each role may do. Pure; asked by every route that acts. */
import type { Role } from "../contract.ts";

export const PERMISSIONS = ["read", "command", "acknowledge", "close", "administer"] as const;
export type Permission = (typeof PERMISSIONS)[number];

const granted: Readonly<Record<Role, readonly Permission[]>> = {
  administrator: ["read", "command", "acknowledge", "close", "administer"],
  facilities: ["read", "command", "acknowledge"],
  security: ["read", "command", "acknowledge", "close"],
  laboratory: ["read", "acknowledge"],
  viewer: ["read"],
};

export const permits = (role: Role, permission: Permission): boolean =>
  granted[role].includes(permission);
