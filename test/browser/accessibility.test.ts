/** Every page measured by axe (WCAG 2.2 AA) in light and dark, at desk and phone widths. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath } from "../support/chromium.ts";
import { gasAlarm } from "../support/fake-campus.ts";
import { DESK, go, PageRig, PHONE, signIn } from "../support/page-rig.ts";
import { mustRunAllRings } from "../support/rings.ts";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe finds, one line each, with the page it was found on. */
async function violations(page: Page, what: string): Promise<readonly string[]> {
  const result = await new AxeBuilder({ page }).withTags(RULES).analyze();
  return result.violations.flatMap(({ id, nodes }) =>
    nodes.map(
      ({ target, failureSummary }) => `${what}: ${id} ${String(target)}: ${failureSummary}`,
    ),
  );
}

/** Those with everything that has a colour; the others repeat it. */
const DENSE_PATHS = ["/", "/alarms/high", "/spaces/b104"];
const PATHS = [
  ...DENSE_PATHS,
  "/alarms",
  "/alarms/history",
  "/spaces",
  "/spaces/a101",
  "/devices",
  "/devices/a-main",
  "/more",
];

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
    { language: "zh", theme: "light", size: DESK, paths: PATHS },
    { language: "en", theme: "dark", size: DESK, paths: DENSE_PATHS },
    { language: "zh", theme: "light", size: PHONE, paths: DENSE_PATHS },
    { language: "en", theme: "dark", size: PHONE, paths: PATHS },
  ] as const)(
    "in $language, $theme, at $size.width px",
    async ({ paths, ...view }) => {
      const { page, api } = await rig.open(view);
      const found = [...(await violations(page, "signing in"))];
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
      for (const path of paths) {
        await go(page, path);
        await page.locator("main h1").first().waitFor({ state: "attached" });
        if (/spaces\/|devices\/|alarms\/high/.test(path)) {
          await page.locator(".chart svg").first().waitFor();
        }
        found.push(...(await violations(page, path)));
      }
      api.raise(gasAlarm("top", api.now(), { value: 57, priority: "emergency" }));
      await page.getByRole("alertdialog").waitFor();
      found.push(...(await violations(page, "an emergency")));
      expect(found).toEqual([]);
    },
    120_000,
  );
});
