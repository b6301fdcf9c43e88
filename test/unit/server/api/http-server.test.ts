/** Promise 9: nothing without a credential, nothing beyond the role, nothing from a foreign page. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { seconds } from "../../../../core/time.ts";
import { GUARD_HEADER, SESSION_COOKIE } from "../../../../server/api/http-server.ts";
import { ApiRig, meterPoint } from "../../../support/api-rig.ts";

let rig: ApiRig;
beforeEach(async () => {
  rig = await ApiRig.start();
});
afterEach(() => rig.close());

const guard = { [GUARD_HEADER]: "1" };

function bearer(
  role: "administrator" | "viewer" | "security" | "facilities",
): Record<string, string> {
  rig.accounts.putUser(role, role, "test");
  return { authorization: `Bearer ${rig.accounts.makeToken(role, "t", "test")}` };
}

const OPEN = [
  "get /api/health",
  "post /api/session",
  "get /api/session/link",
  "post /api/session/link",
  "post /api/session/password",
];

describe("without a credential", () => {
  test("every call of the contract but health and signing in answers 401", async () => {
    const { body } = await rig.api.inject({ url: "/api/openapi.json", headers: bearer("viewer") });
    const paths: Record<string, Record<string, unknown>> = JSON.parse(body).paths;
    const calls = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(calls.length).toBeGreaterThan(15);
    for (const call of [...calls, "get /metrics", "get /api/docs", "get /api/openapi.json"]) {
      if (OPEN.includes(call)) continue;
      const [method = "", path = ""] = call.split(" ");
      const url = path.replaceAll(/\{\w+\}/g, "x");
      const answer = await rig.api.inject({
        method: method.toUpperCase() as "GET",
        url,
        headers: guard,
      });
      expect(`${call} ${answer.statusCode}`).toBe(`${call} 401`);
      expect(answer.headers["content-type"]).toContain("application/problem+json");
    }
  });
  test("health tells no names", async () => {
    const answer = await rig.api.inject("/api/health");
    expect(answer.json()).toEqual({ status: "ok", version: "0", uptimeS: 1, components: {} });
  });
  test("a wrong or made-up token is no credential", async () => {
    for (const value of ["Bearer lt_nope", "Bearer ", "Basic YTpi"]) {
      const answer = await rig.api.inject({
        url: "/api/spaces",
        headers: { authorization: value },
      });
      expect(answer.statusCode).toBe(401);
    }
  });
});

describe("a role", () => {
  const command = { point: meterPoint.point, value: true, reason: "test" };
  test.each([
    ["viewer", 403],
    ["security", 202],
    ["facilities", 202],
  ] as const)("%s sending a command gets %d", async (role, status) => {
    const answer = await rig.api.inject({
      method: "POST",
      url: "/api/commands",
      headers: bearer(role),
      payload: command,
    });
    expect(answer.statusCode).toBe(status);
    if (status === 202) expect(rig.submitted[0]).toMatchObject({ value: 1, by: role });
  });
  test("facilities may not close an alarm, viewers may not import", async () => {
    const close = await rig.api.inject({
      method: "POST",
      url: "/api/alarms/x/close",
      headers: bearer("facilities"),
      payload: { reason: "done" },
    });
    expect(close.json().code).toBe("NOT_PERMITTED");
    const load = await rig.api.inject({
      method: "POST",
      url: "/api/import/samples",
      headers: bearer("viewer"),
      payload: {},
    });
    expect(load.json().code).toBe("NOT_PERMITTED");
  });
});

describe("a session", () => {
  async function session(): Promise<Record<string, string>> {
    rig.accounts.putUser("li", "administrator", "test");
    const link = rig.accounts.makeLink("li", "setPassword", "test");
    const answer = await rig.api.inject({
      method: "POST",
      url: "/api/session/password",
      headers: guard,
      payload: { link, password: "correct horse battery" },
    });
    expect(answer.statusCode).toBe(200);
    const cookie = answer.cookies.find((c) => c.name === SESSION_COOKIE);
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });
    return { cookie: `${SESSION_COOKIE}=${cookie?.value}` };
  }

  test("opens by password, ends by signing out", async () => {
    const cookie = await session();
    expect((await rig.api.inject({ url: "/api/session", headers: cookie })).json()).toMatchObject({
      user: "li",
    });
    const again = await rig.api.inject({
      method: "POST",
      url: "/api/session",
      headers: guard,
      payload: { name: "li", password: "correct horse battery" },
    });
    expect(again.statusCode).toBe(200);
    await rig.api.inject({
      method: "DELETE",
      url: "/api/session",
      headers: { ...cookie, ...guard },
    });
    expect((await rig.api.inject({ url: "/api/session", headers: cookie })).statusCode).toBe(401);
  });
  test("is refused with a wrong password, in the same words as for a name nobody has", async () => {
    await session();
    const wrong = await rig.api.inject({
      method: "POST",
      url: "/api/session",
      headers: guard,
      payload: { name: "li", password: "x" },
    });
    const nobody = await rig.api.inject({
      method: "POST",
      url: "/api/session",
      headers: guard,
      payload: { name: "no", password: "x" },
    });
    expect(wrong.statusCode).toBe(401);
    expect(nobody.json()).toEqual(wrong.json());
  });
  test("acts only with the header that foreign pages cannot send", async () => {
    const cookie = await session();
    const forged = await rig.api.inject({
      method: "POST",
      url: "/api/commands",
      headers: cookie,
      payload: { point: meterPoint.point, value: 1, reason: "x" },
    });
    expect(forged.statusCode).toBe(403);
    expect(rig.submitted).toHaveLength(0);
  });
  test("ends after its length", async () => {
    const cookie = await session();
    rig.clock.step(seconds(12 * 3_600 + 1));
    expect((await rig.api.inject({ url: "/api/session", headers: cookie })).statusCode).toBe(401);
  });
  test("allows ten tries a minute", async () => {
    const tries = [];
    for (let i = 0; i < 11; i++) {
      tries.push(
        await rig.api.inject({
          method: "POST",
          url: "/api/session/link",
          headers: guard,
          payload: { link: "x".repeat(20) },
        }),
      );
    }
    expect(tries.map((t) => t.statusCode)).toEqual([...Array(10).fill(401), 429]);
  });
});

describe("a one-time link", () => {
  test("is shown by GET, used up by POST, and works once", async () => {
    rig.accounts.putUser("li", "viewer", "test");
    const link = rig.accounts.makeLink("li", "signIn", "test");
    for (let i = 0; i < 2; i++) {
      const shown = await rig.api.inject(`/api/session/link?link=${link}`);
      expect(shown.json()).toEqual({ kind: "signIn", user: "li" });
    }
    const use = () =>
      rig.api.inject({
        method: "POST",
        url: "/api/session/link",
        headers: guard,
        payload: { link },
      });
    expect((await use()).statusCode).toBe(200);
    expect((await use()).statusCode).toBe(401);
  });
  test("to set a password does not sign in without one", async () => {
    rig.accounts.putUser("li", "viewer", "test");
    const link = rig.accounts.makeLink("li", "setPassword", "test");
    const answer = await rig.api.inject({
      method: "POST",
      url: "/api/session/link",
      headers: guard,
      payload: { link },
    });
    expect(answer.statusCode).toBe(401);
  });
});

describe("bad input is answered in words and changes nothing", () => {
  test.each([
    ["a body that is no JSON", "/api/commands", "{", 400],
    ["a body without the point", "/api/commands", '{"value":1,"reason":"x"}', 400],
    [
      "a body that is too large",
      "/api/commands",
      JSON.stringify({ reason: "x".repeat(1_100_000) }),
      413,
    ],
    ["closing without a reason", "/api/alarms/x/close", '{"reason":""}', 400],
    ["a batch that is none", "/api/import/samples", '{"version":1}', 400],
  ])("%s", async (_name, url, payload, status) => {
    const headers = { ...bearer("administrator"), "content-type": "application/json" };
    const answer = await rig.api.inject({ method: "POST", url, headers, payload });
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({
      status,
      code: expect.any(String),
      detail: expect.any(String),
    });
    expect(rig.submitted).toHaveLength(0);
    expect(rig.appended).toHaveLength(0);
  });
  test("something unforeseen says nothing of files or code", async () => {
    rig.failure = new Error("ENOSPC at /srv/secret/place");
    const url = `/api/series?point=${meterPoint.point}&from=2026-11-23T00:00:00Z`;
    const answer = await rig.api.inject({ url, headers: bearer("viewer") });
    expect(answer.statusCode).toBe(500);
    expect(answer.json().code).toBe("INTERNAL");
    expect(answer.body).not.toContain("secret");
  });
});
