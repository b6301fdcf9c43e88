import { describe, expect, it } from "vitest";
import { currentCommand, lifeOf } from "../../../../../server/dashboard/commands/life.ts";
import { instantOf } from "../../../../../server/dashboard/format/instant.ts";
import { at, commandView } from "../../../../support/views.ts";

const queued = { state: "queued", at: at(0) } as const;
const sent = { state: "sent", at: at(1) } as const;
const accepted = { state: "accepted", at: at(2) } as const;
const verified = { state: "verified", at: at(3), shown: 1 } as const;

const road = (...steps: Parameters<typeof commandView>[0]): readonly string[] =>
  lifeOf(commandView(steps)).map(({ state, kind }) => `${state} ${kind}`);

describe("a command's life", () => {
  it("shows what is awaited and never runs ahead of the device", () => {
    expect(road(queued)).toEqual(["sent waiting", "accepted ahead", "verified ahead"]);
    expect(road(queued, sent)).toEqual(["sent done", "accepted waiting", "verified ahead"]);
    expect(road(queued, sent, accepted)).toEqual([
      "sent done",
      "accepted done",
      "verified waiting",
    ]);
    expect(road(queued, sent, accepted, verified)).toEqual([
      "sent done",
      "accepted done",
      "verified done",
    ]);
  });

  it("that is lost shows where, and nothing that it never reached", () => {
    const failed = { state: "failed", at: at(4), why: "readBackDiffers", shown: 0 } as const;
    expect(road(queued, sent, accepted, failed)).toEqual([
      "sent done",
      "accepted done",
      "failed lost",
    ]);
    expect(road({ state: "refused", at: at(0), why: "roomFrozen" })).toEqual(["refused lost"]);
  });

  it("that cannot be verified ends as what it is", () => {
    expect(road(queued, sent, { state: "unverifiable", at: at(4) })).toEqual([
      "sent done",
      "unverifiable done",
    ]);
  });
});

describe("beside its switch stands", () => {
  const point = "a101-lights/relay_1";
  const now = (seconds: number) => instantOf(at(seconds));

  it("the newest command of that point only", () => {
    const commands = [
      commandView([queued, verified], { id: "old" }),
      commandView([{ state: "queued", at: at(50) }], { id: "new" }),
      commandView([{ state: "queued", at: at(90) }], { id: "other", point: "x/y" }),
    ];
    expect(currentCommand(commands, point, now(60))?.id).toBe("new");
  });

  it("an ended one for a while, and a verified one as long as it holds", () => {
    const ended = commandView([queued, sent, accepted, verified]);
    expect(currentCommand([ended], point, now(200))).toBe(ended);
    expect(currentCommand([ended], point, now(400))).toBeUndefined();
    const holding = { ...ended, leaseEnds: at(7_200) };
    expect(currentCommand([holding], point, now(400))).toBe(holding);
  });
});
