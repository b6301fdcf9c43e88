/** What people do with the page, in a real browser, on a campus of the fake API. */
import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath } from "../support/chromium.ts";
import { eventually } from "../support/eventually.ts";
import { FAKE_LINK, FAKE_SET_LINK } from "../support/fake-api.ts";
import { gasAlarm } from "../support/fake-campus.ts";
import { DESK, go, PageRig, PHONE, signIn } from "../support/page-rig.ts";
import { mustRunAllRings } from "../support/rings.ts";

/** Counts the tones a page makes. */
const COUNT_TONES = `
  window.tones = 0;
  const make = AudioContext.prototype.createOscillator;
  AudioContext.prototype.createOscillator = function () {
    window.tones += 1;
    return make.call(this);
  };
`;

const isMissing = chromiumPath() === undefined && !mustRunAllRings();
const ring = isMissing ? "skipped: Chromium is not installed" : "in Chromium";

describe.skipIf(isMissing)(`the page (${ring})`, () => {
  let rig: PageRig;
  beforeAll(async () => {
    rig = await PageRig.start();
  }, 60_000);
  afterEach(() => rig.clear());
  afterAll(() => rig?.stop());

  describe("signing in", () => {
    it("with a wrong password says so and keeps the name", async () => {
      const { page } = await rig.open({ language: "en" });
      await page.locator("input[autocomplete=username]").fill("wang");
      await page.locator("input[autocomplete=current-password]").fill("wrong");
      await page.locator("form button").click();
      await page.getByRole("alert").getByText("Name or password is wrong").waitFor();
      expect(await page.locator("input[autocomplete=username]").inputValue()).toBe("wang");
    });

    it("by a one-time link acts only when the button is pressed", async () => {
      const { page, url, api } = await rig.open();
      await page.goto(`${url}/#/link/${FAKE_LINK}`);
      await page.getByRole("button", { name: "登录" }).waitFor();
      expect(api.posted).toEqual([]);
      await page.getByRole("button", { name: "登录" }).click();
      await page.locator(".overview").waitFor();
      expect(page.url()).not.toContain(FAKE_LINK);
    });

    it("for the first time sets a password of at least twelve characters", async () => {
      const { page, url, api } = await rig.open({ language: "en" });
      await page.goto(`${url}/#/link/${FAKE_SET_LINK}`);
      const field = page.locator("input[autocomplete=new-password]");
      await field.fill("too short");
      await page.locator("form button").click();
      expect(api.posted).toEqual([]);
      await field.fill("a long enough password");
      await page.locator("form button").click();
      await page.locator(".overview").waitFor();
    });

    it("with a link that was used says so and offers the other way", async () => {
      const { page, url } = await rig.open({ language: "en" });
      await page.goto(`${url}/#/link/used-long-ago-by-somebody`);
      await page.getByRole("alert").waitFor();
      await page.getByRole("link", { name: "Sign in with name and password" }).click();
      await page.locator("input[autocomplete=username]").waitFor();
    });

    it("again after the session ended keeps the page and what was typed", async () => {
      const { page, api, url } = await rig.open({ language: "en" });
      await signIn(page);
      api.raise(gasAlarm("al-1", api.now(), { value: 27, priority: "high" }));
      await page.goto(`${url}/#/alarms/al-1`);
      await page.locator("textarea").fill("on my way, two minutes");
      api.expireSessions();
      const again = page.getByRole("dialog", { name: "Please sign in again" });
      await again.waitFor();
      await again.locator("input[type=password]").fill("correct horse battery");
      await again.getByRole("button", { name: "Sign in" }).click();
      await again.waitFor({ state: "detached" });
      expect(await page.locator("textarea").inputValue()).toBe("on my way, two minutes");
    });
  });

  describe.each([
    { language: "zh", size: DESK, take: "我来处置", on: "开", verified: "已回读确认" },
    { language: "en", size: PHONE, take: "I take it", on: "On", verified: "verified" },
  ] as const)(
    "a shift in $language at $size.width px",
    ({ language, size, take, on, verified }) => {
      it("sees a value change, takes an alarm and switches a light that proves itself", async () => {
        const { page, api } = await rig.open({ language, size });
        await signIn(page);
        await page.getByText("612 kW").waitFor();
        api.setValue("main-meter/power_active", 733.2);
        await page.getByText("733 kW").waitFor();

        api.raise(gasAlarm("al-1", api.now(), { value: 27, priority: "high" }));
        const row = page.locator("[data-alarm=al-1]");
        await row.getByRole("button", { name: take }).click();
        await eventually(
          "the alarm is taken",
          () => api.alarms.get("al-1")?.state === "acknowledged",
        );
        await row.getByText("wang").first().waitFor();
        expect(await row.getByRole("button", { name: take }).count()).toBe(0);

        await go(page, "/spaces/a101");
        const light = page.locator('[data-point="a101-relay/light_2"]');
        const wanted = light.getByRole("button", { name: on, exact: true });
        expect(await wanted.getAttribute("aria-pressed")).toBe("false");
        await wanted.click();
        await light.locator(".life").waitFor();
        // The wish alone never presses the button: only what the device shows does.
        expect(await wanted.getAttribute("aria-pressed")).toBe("false");
        await light.locator('.life[data-state="verified"]').getByText(verified).first().waitFor();
        expect(await wanted.getAttribute("aria-pressed")).toBe("true");
        const sent = api.posted.find(({ path }) => path === "/api/commands");
        expect(sent?.key).toBeTruthy();
        expect(sent?.body).toMatchObject({ point: "a101-relay/light_2", value: 1, leaseS: 7_200 });
      });

      it("does not scroll sideways on any page", async () => {
        const { page, api } = await rig.open({ language, size });
        await signIn(page);
        api.raise(gasAlarm("al-1", api.now(), { value: 27, priority: "high" }));
        const paths = [
          "/",
          "/alarms",
          "/alarms/al-1",
          "/alarms/history",
          "/spaces",
          "/spaces/a101",
        ];
        for (const path of [...paths, "/spaces/b104", "/devices", "/devices/a-main", "/more"]) {
          await go(page, path);
          await page.locator("main h1").first().waitFor({ state: "attached" });
          const overhang = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth",
          );
          expect(overhang, path).toBe(0);
        }
      });
    },
  );

  describe("an emergency", () => {
    it("takes every open page, sounds until taken, and is gone everywhere once taken", async () => {
      const { page, api, url } = await rig.open();
      await signIn(page);
      const other = await rig.another(url, { language: "en", size: PHONE });
      await signIn(other);
      await go(other, "/devices");
      api.raise(gasAlarm("al-9", api.now(), { value: 57, priority: "emergency" }));
      const here = page.getByRole("alertdialog");
      const there = other.getByRole("alertdialog");
      await here.waitFor();
      await there.waitFor();
      await there.getByText("touch no switch").waitFor();
      await here.getByRole("button", { name: "消音（不等于确认）" }).click();
      await here.getByText("消音不等于确认").waitFor();
      expect(api.alarms.get("al-9")?.state).toBe("unacknowledged");
      await there.getByRole("button", { name: "I take it" }).click();
      await here.waitFor({ state: "detached" });
      await there.waitFor({ state: "detached" });
    });

    it("is heard until somebody takes it, and says so while the browser keeps the page silent", async () => {
      const { page, api, url } = await rig.open({ language: "en" });
      await signIn(page);
      // A page that nobody has touched since it was opened may not sound.
      await page.addInitScript(COUNT_TONES);
      await page.goto(`${url}/?untouched`);
      await page.getByRole("button", { name: "Sound locked" }).waitFor();
      api.raise(gasAlarm("al-9", api.now(), { value: 57, priority: "emergency" }));
      await page.getByRole("button", { name: "Sound is locked: touch here to hear it" }).click();
      const tones = () => page.evaluate<number>("tones");
      await eventually("it is heard", async () => (await tones()) > 0);
      await page.getByRole("alertdialog").getByRole("button", { name: "I take it" }).click();
      await page.getByRole("alertdialog").waitFor({ state: "detached" });
      const heard = await tones();
      api.setValue("main-meter/power_active", 701);
      await page.getByText("701 kW").waitFor();
      expect(await tones()).toBeLessThanOrEqual(heard + 2);
    });

    it("folds into a band while somebody looks at the place, and Escape does not end it", async () => {
      const { page, api } = await rig.open({ language: "en" });
      await signIn(page);
      api.raise(gasAlarm("al-9", api.now(), { value: 57, priority: "emergency" }));
      await page.getByRole("alertdialog").waitFor();
      await page.keyboard.press("Escape");
      await page.keyboard.press("Escape");
      await page.getByRole("alertdialog").waitFor();
      await page.getByRole("button", { name: "See the place" }).click();
      await page.getByRole("alertdialog").waitFor({ state: "detached" });
      expect(page.url()).toContain("/spaces/b104");
      await page.getByRole("region", { name: "Emergency" }).waitFor();
      api.raise(gasAlarm("al-10", api.now(), { value: 60, priority: "emergency" }));
      await page.getByRole("alertdialog").waitFor();
    });
  });

  it("a frozen room says why and lets nothing be switched", async () => {
    const { page, api } = await rig.open({ language: "en" });
    await signIn(page);
    await go(page, "/spaces/b104");
    const off = page
      .locator('[data-point="b104-relay/light_1"]')
      .getByRole("button", { name: "Off" });
    await off.waitFor();
    expect(await off.isEnabled()).toBe(true);
    api.raise(gasAlarm("al-1", api.now(), { value: 27, priority: "high" }));
    api.freeze("b104", "al-1");
    await page.getByText("Switching is frozen").waitFor();
    await eventually("the switch is locked", () => off.isDisabled());
  });

  it("a command the device did not follow ends as failed, and the switch shows the device", async () => {
    const { page, api } = await rig.open({ language: "en" });
    await signIn(page);
    api.outcome = "failed";
    await go(page, "/spaces/a101");
    const light = page.locator('[data-point="a101-relay/light_1"]');
    await light.getByRole("button", { name: "Off" }).click();
    await light.getByText("The device shows something else").waitFor();
    const on = light.getByRole("button", { name: "On", exact: true });
    expect(await on.getAttribute("aria-pressed")).toBe("true");
  });

  it("a cut line says since when, lets ages run and actions wait, and mends itself", async () => {
    const { page, api } = await rig.open({ language: "en" });
    await signIn(page);
    await go(page, "/spaces/a101");
    await page.locator('[data-point="a101-relay/light_1"]').waitFor();
    api.cut();
    await page.getByText("The line to the server has been cut since").waitFor();
    await page.getByText("Actions need the server").first().waitFor();
    expect(await page.getByRole("button", { name: "Off" }).first().isDisabled()).toBe(true);
    api.mend();
    await page.getByText("The line to the server has been cut").waitFor({ state: "detached" });
    await eventually("actions are possible again", () =>
      page.getByRole("button", { name: "Off" }).first().isEnabled(),
    );
  });

  it("missing data is a word, never a number", async () => {
    const { page, api } = await rig.open({ language: "en" });
    const time = api.now(14 * 60_000);
    const base = { unit: "kW", timeSource: "gateway", stale: false } as const;
    api.put({ ...base, point: "a-main/power_active", time, quality: "bad", reason: "timeout" });
    await signIn(page);
    const row = page.locator(".energy li").filter({ hasText: "Teaching building A" });
    await row.getByText("no data for 14 min").waitFor();
    await row.getByText("no answer from the device").waitFor();
    expect(await row.textContent()).not.toMatch(/kW/);
  });

  it("a name with markup is text", async () => {
    const { page, api } = await rig.open({ language: "en" });
    await signIn(page);
    const evil = `<img src=x onerror="document.title='owned'">${"x".repeat(200)}`;
    const alarm = gasAlarm("al-1", api.now(), { value: 27, priority: "high" });
    api.raise({ ...alarm, name: { zh: evil, en: evil } });
    await page.locator("[data-alarm=al-1]").getByText("<img src=x").waitFor();
    await go(page, "/alarms/al-1");
    await page.locator("h1").getByText("<img src=x").waitFor();
    expect(await page.title()).toBe("Lamplighter");
    const overhang = await page.evaluate(
      "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    );
    expect(overhang).toBe(0);
  });

  it("a viewer may look and not act", async () => {
    const { page, api } = await rig.open({ language: "en" });
    api.role = "viewer";
    await signIn(page);
    api.raise(gasAlarm("al-1", api.now(), { value: 27, priority: "high" }));
    const take = page.getByRole("button", { name: "I take it" });
    await take.waitFor();
    expect(await take.isDisabled()).toBe(true);
  });

  it("an alarm is closed only with a reason, and its whole history stays", async () => {
    const { page, api } = await rig.open({ language: "en" });
    await signIn(page);
    const alarm = gasAlarm("al-1", api.now(), { value: 27, priority: "high" });
    api.raise({ ...alarm, state: "returnedUnacknowledged" });
    await go(page, "/alarms/al-1");
    await page.locator("textarea").fill("checked with a hand detector");
    await page.getByRole("button", { name: "I take it" }).click();
    const close = page.getByRole("button", { name: "Close alarm" });
    await close.click();
    expect(api.alarms.get("al-1")?.state).toBe("returnedAcknowledged");
    await page.locator("textarea").fill("valve replaced");
    await close.click();
    await page.getByText("closed").first().waitFor();
    const history = page.locator(".steps");
    await history.getByText("checked with a hand detector").waitFor();
    await history.getByText("valve replaced").waitFor();
    await go(page, "/alarms/history");
    await page.locator(".history").getByText("Combustible gas is high").waitFor();
  });

  it("an alarm that is shelved asks nobody and says until when, by whom and why", async () => {
    const { page, api } = await rig.open({ language: "en" });
    await signIn(page);
    api.raise(gasAlarm("al-1", api.now(), { value: 27, priority: "high" }));
    await page.getByText("1 thing needs somebody").first().waitFor();
    await go(page, "/alarms/al-1");
    await page.locator("form input[type=text]").fill("detector is being exchanged");
    await page.getByRole("button", { name: "Shelve alarm" }).click();
    await page.getByRole("button", { name: "End shelving" }).waitFor();
    await go(page, "/");
    await page.getByText("No alarm needs anybody, 1 shelved").waitFor();
    await page
      .locator("[data-alarm=al-1]")
      .getByText(/shelved by wang until .*exchanged/)
      .waitFor();
  });

  it("the keyboard alone finds a place: /, letters, Enter", async () => {
    const { page } = await rig.open({ language: "en" });
    await signIn(page);
    await page.locator(".overview").click({ position: { x: 2, y: 2 } });
    await page.keyboard.press("/");
    await page.keyboard.type("chemistry lab");
    await page.getByRole("option").first().waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: /Chemistry lab B104/ }).waitFor();
  });

  it("a chart shows its gap, reads as a table and downloads as CSV", async () => {
    const { page } = await rig.open({ language: "en" });
    await signIn(page);
    await go(page, "/spaces/a101?range=7d");
    const panel = page.getByRole("region", { name: "History" });
    await panel.locator("svg").first().waitFor();
    await panel.getByText("1 gap without data").waitFor();
    await panel.getByRole("button", { name: "Table" }).click();
    await panel.getByRole("button", { name: /Show \d+ more/ }).click();
    await panel.getByRole("cell", { name: "no data" }).waitFor();
    await panel.getByRole("columnheader", { name: "Max" }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      panel.getByRole("button", { name: "Download CSV" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("a101-relay-temperature-7d.csv");
    const csv = await readFile(await download.path(), "utf8");
    expect(csv.split("\r\n")[0]).toContain("time,point,unit,value");
    expect(csv).toContain("+08:00,a101-relay/temperature");
  });

  it("a choice of language and light stays after a reload", async () => {
    const { page } = await rig.open({ language: "zh" });
    await signIn(page);
    await page.getByRole("button", { name: "English" }).click();
    await go(page, "/more");
    await page.locator("main").getByRole("button", { name: "Dark" }).click();
    await page.reload();
    await page.getByRole("heading", { name: "More" }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("en");
    expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
  });
});
