import { describe, expect, it } from "vitest";
import { gatewayId } from "../../../../core/ids.ts";
import { monotonic } from "../../../../core/time.ts";
import type { GatewayState } from "../../../../core/uplink.ts";
import { judgeState, type Session, SILENT_AFTER } from "../../../../server/ingest/sessions.ts";

const GW = gatewayId("gw-1");
const online = (instance: string, epoch: string): GatewayState => ({
  state: "online",
  instance,
  epoch,
});
const first: Session = { instance: "a", epoch: "e1", isOnline: true, heardAt: monotonic(0) };
const judge = (known: Session | undefined, state: GatewayState, now = 1_000) =>
  judgeState(GW, known, state, monotonic(now));

describe("who speaks for a gateway", () => {
  it.each([
    ["the first that comes", undefined, online("a", "e1"), 0, "accepted"],
    ["the same one again", first, online("a", "e1"), 0, "accepted"],
    ["the same one with a renewed buffer", first, online("a", "e2"), 0, "accepted"],
    ["another with the same buffer: it was restarted", first, online("b", "e1"), 0, "accepted"],
    [
      "another with another buffer while the first is there",
      first,
      online("b", "e2"),
      0,
      "refused",
    ],
    ["another after a long silence", first, online("b", "e2"), SILENT_AFTER, "accepted"],
    [
      "another after the first went offline",
      { ...first, isOnline: false },
      online("b", "e2"),
      0,
      "accepted",
    ],
    [
      "the one that was taken over: two are running",
      { ...first, previous: "z" },
      online("z", "e1"),
      0,
      "refused",
    ],
    ["its last will", first, { state: "offline", instance: "a" }, 0, "offline"],
    ["a last will without a name", first, { state: "offline" }, 0, "offline"],
    [
      "the last will of one that was followed",
      first,
      { state: "offline", instance: "z" },
      0,
      "ignored",
    ],
    ["a last will of nobody", undefined, { state: "offline", instance: "z" }, 0, "ignored"],
  ] as const)("%s", (_name, known, state, now, kind) => {
    expect(judge(known, state, now).kind).toBe(kind);
  });

  it("names the gateway and the process that is there", () => {
    const verdict = judge(first, online("b", "e2"));
    expect(verdict).toMatchObject({ why: expect.stringMatching(/"gw-1".*instance a/) });
  });
});
