/**
 * `lamplighter user`: makes users and the one-time links with which they sign in. Works on the records
 * of a data folder, with the server running or not; whoever can write there is trusted.
 */
import { writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { LamplighterError } from "../core/errors.ts";
import { systemClock } from "../platform/clock.ts";
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  parseOptions,
} from "../platform/command-line.ts";
import { Accounts } from "./api/auth/accounts.ts";
import { ROLES, type Role } from "./api/contract.ts";
import { Journal } from "./journal.ts";
import { openRecords } from "./open-records.ts";

export const userCommand: Command = {
  name: "user",
  summary: "makes users, one-time links to set a password, and tokens for scripts",
  usage: [
    "usage: lamplighter user add <name> --role <role> --data <folder>   makes a user and a link to set the password",
    "       lamplighter user link <name> [--sign-in] --data <folder>    a new link: to set a password, or to sign in once",
    "       lamplighter user token <name> --name <what for> [--file <path>] --data <folder>",
    "       lamplighter user list --data <folder>",
    "       lamplighter user remove <name> --data <folder>",
    "",
    `  --role    ${ROLES.join(", ")}`,
    "  --data    the server's data folder",
    "  --address of the page for the printed link; http://127.0.0.1:8080 when left out",
    "  --quiet   print the secret alone",
  ].join("\n"),
  run: async (context) => {
    const { values, positionals } = parseOptions(context.args, {
      role: { type: "string" },
      data: { type: "string", default: "data/server" },
      address: { type: "string", default: "http://127.0.0.1:8080" },
      "sign-in": { type: "boolean", default: false },
      name: { type: "string", default: "script" },
      file: { type: "string" },
      quiet: { type: "boolean", default: false },
    });
    const [action = "", user = ""] = positionals;
    const db = openRecords(values.data);
    try {
      const accounts = new Accounts(db, systemClock, new Journal(db, systemClock));
      act(context, accounts, { ...values, isSignIn: values["sign-in"], action, user });
    } finally {
      db.close();
    }
    return EXIT_DONE;
  },
};

interface Wish {
  readonly action: string;
  readonly user: string;
  readonly role?: string | undefined;
  readonly address: string;
  readonly isSignIn: boolean;
  readonly name: string;
  readonly file?: string | undefined;
  readonly quiet: boolean;
}

function act({ print }: CommandContext, accounts: Accounts, wish: Wish): void {
  const by = `console:${userInfo().username}`;
  if (wish.action === "list") {
    for (const { name, role, ready } of accounts.list()) {
      print(`${name.padEnd(24)} ${role.padEnd(14)} ${ready ? "" : "no password yet"}`.trimEnd());
    }
    return;
  }
  if (wish.user === "") throw new LamplighterError("USAGE", `"user ${wish.action}" needs a name`);
  const exists = accounts.list().some((u) => u.name === wish.user);
  if (!exists && wish.action !== "add") {
    throw new LamplighterError(
      "NOT_FOUND",
      `There is no user "${wish.user}"; lamplighter user list shows them.`,
    );
  }
  switch (wish.action) {
    case "add":
      accounts.putUser(wish.user, roleOf(wish.role), by);
      printLink(print, accounts, wish, by);
      return;
    case "link":
      printLink(print, accounts, wish, by);
      return;
    case "token": {
      const token = accounts.makeToken(wish.user, wish.name, by);
      if (wish.file === undefined) print(token);
      else writeFileSync(wish.file, `${token}\n`, { mode: 0o600 });
      return;
    }
    case "remove":
      accounts.removeUser(wish.user, by);
      print(`${wish.user} is removed; open sessions, links and tokens have ended.`);
      return;
    default:
      throw new LamplighterError("USAGE", `"user ${wish.action}" is not understood`);
  }
}

function printLink(
  print: (line: string) => void,
  accounts: Accounts,
  wish: Wish,
  by: string,
): void {
  const secret = accounts.makeLink(wish.user, wish.isSignIn ? "signIn" : "setPassword", by);
  if (wish.quiet) {
    print(secret);
    return;
  }
  const purpose = wish.isSignIn ? "signs in once" : "sets the password, once";
  print(`For ${wish.user}; ${purpose}; valid for 3 days:`);
  print(`${wish.address}/#/link/${secret}`);
}

function roleOf(text: string | undefined): Role {
  const role = ROLES.find((r) => r === text);
  if (role !== undefined) return role;
  throw new LamplighterError("USAGE", `--role is none of ${ROLES.join(", ")}`);
}
