/**
 * Users, their sessions, one-time links and API tokens, in the records database. Secrets are kept as
 * hashes only; a link works once; every change has an author in the journal.
 */
import type { Clock } from "../../../core/clock.ts";
import { LamplighterError } from "../../../core/errors.ts";
import { days, hours, type Instant, instant, later, toIso } from "../../../core/time.ts";
import type { Database, Statement } from "../../../platform/sqlite.ts";
import type { Journal } from "../../journal.ts";
import { ROLES, type Role } from "../contract.ts";
import { hashPassword, verifyPassword } from "./password.ts";
import { hashSecret, makeSecret } from "./secret.ts";

export const SESSION_LENGTH = hours(12);
export const LINK_LENGTH = days(3);
/** A user signed in on more machines than this loses the oldest session. */
export const SESSIONS_PER_USER_MAX = 20;

export type LinkKind = "signIn" | "setPassword";

export interface Identity {
  readonly user: string;
  readonly role: Role;
  readonly expires: Instant;
  /** `cookie` needs the guard against forged requests, `token` does not. */
  readonly by: "cookie" | "token";
}

const MIGRATIONS = [
  `CREATE TABLE user (name TEXT PRIMARY KEY, role TEXT NOT NULL, password TEXT, created_ms INTEGER NOT NULL);
   CREATE TABLE session (hash TEXT PRIMARY KEY, user TEXT NOT NULL REFERENCES user(name) ON DELETE CASCADE,
     created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL);
   CREATE TABLE link (hash TEXT PRIMARY KEY, user TEXT NOT NULL REFERENCES user(name) ON DELETE CASCADE,
     kind TEXT NOT NULL, expires_ms INTEGER NOT NULL);
   CREATE TABLE token (hash TEXT PRIMARY KEY, user TEXT NOT NULL REFERENCES user(name) ON DELETE CASCADE,
     name TEXT NOT NULL, created_ms INTEGER NOT NULL);`,
];

const USER_NAME = /^[\p{L}\p{N}][\p{L}\p{N}._@-]{0,63}$/u;

/** Compared against when the user does not exist, so that the answer takes as long. */
const NOBODY = hashPassword(makeSecret());

export class Accounts {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #journal: Journal;
  readonly #findUser: Statement;
  readonly #findSession: Statement;
  readonly #findToken: Statement;

  constructor(db: Database, clock: Clock, journal: Journal) {
    db.migrate("accounts", MIGRATIONS);
    this.#db = db;
    this.#clock = clock;
    this.#journal = journal;
    this.#findUser = db.prepare("SELECT name, role, password FROM user WHERE name = ?");
    this.#findSession = db.prepare(
      "SELECT user, role, expires_ms FROM session JOIN user ON user = name WHERE hash = ? AND expires_ms > ?",
    );
    this.#findToken = db.prepare(
      "SELECT user, role FROM token JOIN user ON user = user.name WHERE hash = ?",
    );
  }

  get isEmpty(): boolean {
    return this.#db.prepare("SELECT 1 FROM user LIMIT 1").get() === undefined;
  }

  list(): readonly { readonly name: string; readonly role: Role; readonly ready: boolean }[] {
    const rows = this.#db.prepare("SELECT name, role, password FROM user ORDER BY name").all();
    return rows.map((r) => ({
      name: String(r.name),
      role: roleOf(r.role),
      ready: r.password !== null,
    }));
  }

  /** Makes the user or changes the role; throws REQUEST_INVALID on a bad name. */
  putUser(name: string, role: Role, by: string): void {
    if (!USER_NAME.test(name)) {
      throw new LamplighterError(
        "REQUEST_INVALID",
        `"${name}" is not a user name: 1 to 64 letters, digits and . _ @ -, beginning with a letter or digit.`,
      );
    }
    this.#db.transaction(() => {
      this.#db
        .prepare(
          "INSERT INTO user VALUES (?, ?, NULL, ?) ON CONFLICT(name) DO UPDATE SET role = excluded.role",
        )
        .run(name, role, this.#clock.now());
      this.#journal.write(by, "user.put", { user: name, role });
    });
  }

  /** Ends the user's sessions, links and tokens with it. */
  removeUser(name: string, by: string): void {
    const removed = this.#db.transaction(() => {
      this.#journal.write(by, "user.remove", { user: name });
      return this.#db.prepare("DELETE FROM user WHERE name = ?").run(name).changes;
    });
    if (removed === 0) throw new LamplighterError("NOT_FOUND", `There is no user "${name}".`);
  }

  /** A secret that works once, for `LINK_LENGTH`. */
  makeLink(user: string, kind: LinkKind, by: string): string {
    const secret = makeSecret();
    const expires = later(this.#clock.now(), LINK_LENGTH);
    this.#db.transaction(() => {
      this.#db.prepare("DELETE FROM link WHERE expires_ms < ?").run(this.#clock.now());
      this.#db
        .prepare("INSERT INTO link VALUES (?, ?, ?, ?)")
        .run(hashSecret(secret), user, kind, expires);
      this.#journal.write(by, "link.make", { user, kind, expires: toIso(expires) });
    });
    return secret;
  }

  /** What the link would do; undefined when it was used, has expired or never was. */
  linkPurpose(secret: string): { readonly kind: LinkKind; readonly user: string } | undefined {
    const row = this.#db
      .prepare("SELECT user, kind FROM link WHERE hash = ? AND expires_ms > ?")
      .get(hashSecret(secret), this.#clock.now());
    if (row === undefined) return undefined;
    return { kind: row.kind === "signIn" ? "signIn" : "setPassword", user: String(row.user) };
  }

  /** A token for scripts: replaces the user's token of the same name. */
  makeToken(user: string, name: string, by: string): string {
    const secret = `lt_${makeSecret()}`;
    this.#db.transaction(() => {
      this.#db.prepare("DELETE FROM token WHERE user = ? AND name = ?").run(user, name);
      this.#db
        .prepare("INSERT INTO token VALUES (?, ?, ?, ?)")
        .run(hashSecret(secret), user, name, this.#clock.now());
      this.#journal.write(by, "token.make", { user, token: name });
    });
    return secret;
  }

  async signIn(name: string, password: string): Promise<{ secret: string; identity: Identity }> {
    const row = this.#findUser.get(name);
    const stored = typeof row?.password === "string" ? row.password : await NOBODY;
    const matches = await verifyPassword(password, stored);
    if (!matches || row === undefined || row.password === null) {
      this.#journal.write(name.slice(0, 64), "signIn.failed", {});
      throw new LamplighterError("SIGN_IN_FAILED", "The name or the password is wrong.");
    }
    return this.#openSession(name);
  }

  /** Uses up a `signIn` link. */
  signInByLink(secret: string): { secret: string; identity: Identity } {
    return this.#openSession(this.#useLink(secret, "signIn"));
  }

  /** Uses up a `setPassword` link and signs in. */
  async setPassword(
    secret: string,
    password: string,
  ): Promise<{ secret: string; identity: Identity }> {
    const hash = await hashPassword(password);
    const user = this.#db.transaction(() => {
      const name = this.#useLink(secret, "setPassword");
      this.#db.prepare("UPDATE user SET password = ? WHERE name = ?").run(hash, name);
      this.#db.prepare("DELETE FROM session WHERE user = ?").run(name);
      this.#journal.write(name, "password.set", {});
      return name;
    });
    return this.#openSession(user);
  }

  bySession(secret: string): Identity | undefined {
    const row = this.#findSession.get(hashSecret(secret), this.#clock.now());
    if (row === undefined) return undefined;
    return {
      user: String(row.user),
      role: roleOf(row.role),
      expires: instant(Number(row.expires_ms)),
      by: "cookie",
    };
  }

  byToken(secret: string): Identity | undefined {
    const row = this.#findToken.get(hashSecret(secret));
    if (row === undefined) return undefined;
    const expires = later(this.#clock.now(), SESSION_LENGTH);
    return { user: String(row.user), role: roleOf(row.role), expires, by: "token" };
  }

  endSession(secret: string): void {
    this.#db.prepare("DELETE FROM session WHERE hash = ?").run(hashSecret(secret));
  }

  #useLink(secret: string, kind: LinkKind): string {
    const row = this.#db
      .prepare("DELETE FROM link WHERE hash = ? AND kind = ? AND expires_ms > ? RETURNING user")
      .get(hashSecret(secret), kind, this.#clock.now());
    if (row !== undefined) return String(row.user);
    throw new LamplighterError(
      "SIGN_IN_FAILED",
      "This link was used already, has expired or was never made. Ask for a new one.",
    );
  }

  #openSession(user: string): { secret: string; identity: Identity } {
    const secret = makeSecret();
    const now = this.#clock.now();
    this.#db.transaction(() => {
      this.#db.prepare("DELETE FROM session WHERE expires_ms <= ?").run(now);
      this.#db
        .prepare("INSERT INTO session VALUES (?, ?, ?, ?)")
        .run(hashSecret(secret), user, now, later(now, SESSION_LENGTH));
      this.#db
        .prepare(
          "DELETE FROM session WHERE user = ?1 AND hash NOT IN (SELECT hash FROM session WHERE user = ?1 ORDER BY created_ms DESC LIMIT ?2)",
        )
        .run(user, SESSIONS_PER_USER_MAX);
      this.#journal.write(user, "signIn.done", {});
    });
    const identity = this.bySession(secret);
    if (identity === undefined) throw new Error("a session just made cannot be found");
    return { secret, identity };
  }
}

const roleOf = (text: unknown): Role => ROLES.find((r) => r === text) ?? "viewer";
