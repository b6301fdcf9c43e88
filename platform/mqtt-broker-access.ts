/**
 * Who may sign in to a broker and which topics each user reaches; pure apart from hashing. Passwords are
 * compared in constant time, and an unknown user costs the same as a wrong password.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { filterCovers, isTopic, isTopicFilter, topicMatches } from "./mqtt-topic.ts";

export interface BrokerUser {
  /** The password itself, or a check of one's own for passwords that are stored hashed. */
  readonly password: string | ((candidate: Uint8Array) => boolean | Promise<boolean>);
  /** Filters of the topics this user may publish to, and read. */
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

export type BrokerUsers =
  | ReadonlyMap<string, BrokerUser>
  | ((username: string) => BrokerUser | undefined | Promise<BrokerUser | undefined>);

export interface Credentials {
  readonly username: string | undefined;
  readonly password: Uint8Array | undefined;
}

export async function signIn(
  users: BrokerUsers,
  { username, password }: Credentials,
): Promise<BrokerUser | undefined> {
  const name = username ?? "";
  const user = typeof users === "function" ? await users(name) : users.get(name);
  const candidate = password ?? new Uint8Array(0);
  const check = user?.password ?? "";
  const isRight =
    typeof check === "function" ? await check(candidate) : isSamePassword(check, candidate);
  return isRight && user !== undefined && password !== undefined ? user : undefined;
}

/** Digests have one length, so neither content nor length of the password shows in the time taken. */
function isSamePassword(password: string, candidate: Uint8Array): boolean {
  return timingSafeEqual(digest(password), digest(candidate));
}

const digest = (text: string | Uint8Array): Buffer => createHash("sha256").update(text).digest();

export const mayPublish = (user: BrokerUser, topic: string): boolean =>
  isTopic(topic) &&
  !topic.startsWith("$") &&
  user.publish.some((filter) => topicMatches(filter, topic));

export const maySubscribe = (user: BrokerUser, filter: string): boolean =>
  isTopicFilter(filter) && user.subscribe.some((permission) => filterCovers(permission, filter));
