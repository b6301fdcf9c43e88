/** Every page measured by axe (WCAG 2.2 AA) in light and dark, at desk and phone widths. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, mustRunAllRings } from "../support/chromium.ts";
import { gasAlarm } from "../support/fake-campus.ts";
import { DESK, go, PageRig, PHONE, signIn } from "../support/page-rig.ts";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

async function expectClean(page: Page, what: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${String(target)}: ${failureSummary}`),
  );
  expect(found, what).toEqual([]);
}

const isMissing = chromiumPath() === undefined && !mustRunAllRings();
const ring = isMissing ? "skipped: Chromium is not installed" : "in Chromium";

describe.skipIf(isMissing)(`axe finds nothing (${ring})`, () => {
  let rig: PageRig;
  beforeAll(async () => {
    rig = await PageRig.start();
  }, 60_000);
  afterEach(() => rig.clear());
  afterAll(() => rig?.stop());

  it.each([
    { language: "zh", theme: "light", size: DESK },
    { language: "en", theme: "dark", size: DESK },
    { language: "en", theme: "light", size: PHONE },
    { language: "zh", theme: "dark", size: PHONE },
  ] as const)(
    "in $language, $theme, at $size.width px",
    async (view) => {
      const { page, api } = await rig.open(view);
      await expectClean(page, "signing in");
      await signIn(page);
      const base = { unit: "kW", timeSource: "gateway", stale: false } as const;
      const time = api.now(14 * 60_000);
      api.put({ ...base, point: "d-main/power_active", time, quality: "bad", reason: "timeout" });
      const doubt = { quality: "uncertain", reason: "estimated", value: 88 } as const;
      api.put({ ...base, point: "b-main/power_active", time: api.now(), ...doubt });
      for (const priority of ["high", "medium", "low"] as const) {
        api.raise({ ...gasAlarm(priority, api.now(), { value: 27, priority: "high" }), priority });
      }
      api.freeze("b104", "high");
      const paths = ["/", "/alarms", "/alarms/high", "/alarms/history", "/spaces", "/spaces/a101"];
      for (const path of [...paths, "/spaces/b104", "/devices", "/devices/a-main", "/more"]) {
        await go(page, path);
        await page.locator("main h1").first().waitFor({ state: "attached" });
        if (/spaces\/|devices\/|alarms\/high/.test(path)) {
          await page.locator(".chart svg").first().waitFor();
        }
        await expectClean(page, path);
      }
      api.raise(gasAlarm("top", api.now(), { value: 57, priority: "emergency" }));
      await page.getByRole("alertdialog").waitFor();
      await expectClean(page, "an emergency");
    },
    120_000,
  );
});
