/** A shift in front of the real campus: real processes, real browser, in both languages, at desk and phone width. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seconds } from "../../core/time.ts";
import { buildPages } from "../../simulators/demo/pages.ts";
import { CampusProcesses } from "../support/campus-processes.ts";
import { chromiumPath, launchChromium } from "../support/chromium.ts";
import { eventually } from "../support/eventually.ts";
import { DESK, PHONE } from "../support/page-rig.ts";
import { mustRunAllRings } from "../support/rings.ts";

const isMissing = chromiumPath() === undefined && !mustRunAllRings();
const ring = isMissing ? "skipped: Chromium is not installed" : "in Chromium";
const STEP_MS_MAX = 20_000;

const shifts = [
  {
    locale: "zh-CN",
    size: DESK,
    signIn: "登录",
    take: "我来处置",
    verified: "已回读确认",
    lab: "chem-b214",
    room: "a1-102",
    relay: 2,
  },
  {
    locale: "en-GB",
    size: PHONE,
    signIn: "Sign in",
    take: "I take it",
    verified: "verified",
    lab: "chem-b215",
    room: "a1-103",
    relay: 3,
  },
] as const;

describe.skipIf(isMissing)(`the page of a live campus (${ring})`, () => {
  let campus: CampusProcesses;
  let browser: Browser;
  beforeAll(async () => {
    await buildPages();
    [campus, browser] = await Promise.all([CampusProcesses.start(), launchChromium()]);
    await eventually(
      "live",
      async () => (await campus.get("api/latest")).items.length > 500,
      seconds(60),
    );
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await campus?.stop();
  });

  test.each(shifts)(
    "in $locale at $size.width px",
    async (shift) => {
      const context = await browser.newContext({ viewport: shift.size, locale: shift.locale });
      const page = await context.newPage();
      page.setDefaultTimeout(STEP_MS_MAX);
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(error.message));

      await page.goto(`${campus.page}#/link/${campus.link()}`);
      await page.getByRole("button", { name: shift.signIn }).click();
      await page.locator(".overview").waitFor();

      // A value on the page moves by itself.
      await page.goto(`${campus.page}#/spaces/a1`);
      const value = page.locator(".value").first();
      await value.waitFor();
      const all = async () => (await page.locator(".value").allTextContents()).join("|");
      const before = await all();
      await eventually(
        "a value on the page changes",
        async () => (await all()) !== before,
        seconds(20),
      );

      // A lamp is switched, and the page says so only when the lamp does.
      const lit = async () => (await campus.truth()).rooms[shift.room].lightOn;
      const wanted = !(await lit());
      await page.goto(`${campus.page}#/spaces/${shift.room}`);
      const control = page.locator(`[data-point="a1-f1-lights/relay_${shift.relay}"]`);
      await control.locator("button[aria-pressed=false]").click();
      await control
        .locator('.life[data-state="verified"]')
        .getByText(shift.verified)
        .first()
        .waitFor();
      expect(await lit()).toBe(wanted);

      // A leak takes the page; one button takes the case, by name.
      await campus.act({ leakGas: { room: shift.lab, to: 72, within: "10s" } });
      const dialog = page.getByRole("alertdialog");
      await dialog.waitFor({ timeout: 40_000 });
      await dialog.getByRole("button", { name: shift.take }).click();
      await eventually(
        "acknowledged by the person at the page",
        async () => {
          const { items } = await campus.get(`api/alarms?state=active&space=${shift.lab}`);
          return items.some((a: { state: string; history: { what: string; by?: string }[] }) =>
            a.history.some((s) => s.what === "acknowledged" && s.by === "tester"),
          );
        },
        seconds(20),
      );
      await campus.act({ stopLeak: { room: shift.lab } });
      expect(complaints).toEqual([]);
      await context.close();
    },
    150_000,
  );
});
