import { describe, expect, it } from "vitest";
import { Client } from "../../../../../server/dashboard/api/client.ts";
import { ms } from "../../../../../server/dashboard/format/instant.ts";
import { FakeClock } from "../../../../support/fake-clock.ts";

/** A client whose requests are answered by one function. */
function rig(answer: (path: string, init: RequestInit) => Promise<Response> | Response) {
  const clock = new FakeClock();
  const seen = { ahead: [] as number[], signedOut: 0 };
  const requests: { path: string; init: RequestInit }[] = [];
  const client = new Client({
    clock,
    fetch: async (input, init = {}) => {
      requests.push({ path: String(input), init });
      return answer(String(input), init);
    },
    onServerAhead: (aheadMs) => seen.ahead.push(aheadMs),
    onSignedOut: () => {
      seen.signedOut += 1;
    },
  });
  return { client, clock, seen, requests };
}

const problem = (status: number, code: string): Response =>
  Response.json({ type: "about:blank", title: code, status, code, detail: "why" }, { status });

it("guards what changes something and names each command by its key", async () => {
  const { client, requests } = rig(() => Response.json({ id: "c1" }, { status: 202 }));
  await client.command({ point: "a/b", value: 1, reason: "by hand" }, "key-1");
  expect(requests[0]?.init.headers).toMatchObject({
    "X-Lamplighter": "1",
    "Idempotency-Key": "key-1",
  });
});

it("asks for names as they are, however odd", async () => {
  const { client, requests } = rig(() => Response.json({ items: [] }));
  await client.alarm("a/b?c");
  await client.series({ point: "a/b", from: "x", to: "y" });
  expect(requests.map(({ path }) => path)).toEqual([
    "/api/alarms/a%2Fb%3Fc",
    "/api/series?point=a%2Fb&from=x&to=y",
  ]);
});

it("asks for active alarms until there are no more", async () => {
  const pages = [{ items: [{ id: "a" }], next: "a" }, { items: [{ id: "b" }] }];
  const { client, requests } = rig(() => Response.json(pages[requests.length - 1]));
  const answer = await client.activeAlarms();
  expect(answer.ok && answer.value.map(({ id }) => id)).toEqual(["a", "b"]);
  expect(requests[1]?.path).toContain("before=a");
});

describe("what goes wrong is a value:", () => {
  it("a problem of the server with its code", async () => {
    const { client } = rig(() => problem(409, "ROOM_FROZEN"));
    const answer = await client.acknowledge("a1", "");
    expect(answer).toMatchObject({ ok: false, problem: { code: "ROOM_FROZEN", detail: "why" } });
  });

  it("an ended session, told once to whoever shows the sign-in", async () => {
    const { client, seen } = rig(() => problem(401, "NOT_SIGNED_IN"));
    await client.site();
    expect(seen.signedOut).toBe(1);
    await client.session();
    expect(seen.signedOut).toBe(1);
  });

  it("a wrong password, which ends no session", async () => {
    const { client, seen } = rig(() => problem(401, "SIGN_IN_FAILED"));
    await client.signIn("wang", "wrong");
    expect(seen.signedOut).toBe(0);
  });

  it("a page of a proxy", async () => {
    const { client } = rig(() => new Response("<html>502</html>", { status: 502 }));
    expect(await client.site()).toMatchObject({ ok: false, problem: { code: "UNREADABLE" } });
  });

  it("JSON that is not a problem", async () => {
    const { client } = rig(() => Response.json({ oops: true }, { status: 500 }));
    expect(await client.site()).toMatchObject({ ok: false, problem: { code: "UNREADABLE" } });
  });

  it("no answer at all, after a limit", async () => {
    const { client, clock } = rig(
      (_, init) =>
        new Promise((_resolve, reject) => {
          init.signal?.addEventListener("abort", () => reject(new Error("aborted")));
        }),
    );
    const asked = client.site();
    await clock.advance(ms(20_000));
    expect(await asked).toMatchObject({ ok: false, problem: { code: "UNREACHABLE" } });
  });
});

it("learns from every answer how far the server's clock is ahead", async () => {
  const { client, clock, seen } = rig(() =>
    Response.json({}, { headers: { date: new Date(clock.now() + 90_000).toUTCString() } }),
  );
  await client.health();
  expect(seen.ahead).toEqual([90_500]);
});
