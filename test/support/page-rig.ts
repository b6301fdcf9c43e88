/** A browser with the built page, a fake API behind it, and what a person would do with them. */

import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import { launchChromium } from "./chromium.ts";
import { builtDashboard } from "./dashboard-dist.ts";
import { FAKE_PASSWORD, FAKE_USER, FakeApi } from "./fake-api.ts";

export const DESK = { width: 1366, height: 768 } as const;
export const PHONE = { width: 360, height: 780 } as const;

/** One step of a person takes less than this, or the test says which did not. */
const STEP_MS_MAX = 8_000;

export interface View {
  readonly language?: "zh" | "en";
  readonly size?: { readonly width: number; readonly height: number };
  readonly theme?: "light" | "dark";
}

export class PageRig {
  readonly #browser: Browser;
  readonly #contexts: BrowserContext[] = [];
  readonly #apis: FakeApi[] = [];
  readonly #dist: string;
  /** What pages complained about: scripts that failed, things the security policy blocked. */
  readonly complaints: string[] = [];

  private constructor(browser: Browser, dist: string) {
    this.#browser = browser;
    this.#dist = dist;
  }

  static async start(): Promise<PageRig> {
    const dist = await builtDashboard();
    return new PageRig(await launchChromium(), dist);
  }

  /** A fresh campus and a person in front of its page. */
  async open(view: View = {}): Promise<{ api: FakeApi; page: Page; url: string }> {
    const api = new FakeApi(this.#dist);
    this.#apis.push(api);
    const url = await api.start();
    const page = await this.another(url, view);
    return { api, page, url };
  }

  /** One more browser on the same campus. */
  async another(url: string, view: View = {}): Promise<Page> {
    const { language = "zh", size = DESK, theme = "light" } = view;
    const context = await this.#browser.newContext({
      viewport: size,
      locale: language === "zh" ? "zh-CN" : "en-GB",
      colorScheme: theme,
      hasTouch: size.width < DESK.width,
      acceptDownloads: true,
    });
    this.#contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(STEP_MS_MAX);
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      const text = message.text();
      if (/Content Security Policy|Uncaught/.test(text)) this.complaints.push(text);
    });
    await page.goto(url);
    return page;
  }

  /** Ends what one test opened and fails it for what its pages complained about. */
  async clear(): Promise<void> {
    for (const context of this.#contexts.splice(0)) await context.close();
    for (const api of this.#apis.splice(0)) await api.stop();
    expect(this.complaints.splice(0)).toEqual([]);
  }

  async stop(): Promise<void> {
    await this.#browser.close();
  }
}

export async function signIn(page: Page): Promise<void> {
  await page.locator("input[autocomplete=username]").fill(FAKE_USER);
  await page.locator("input[autocomplete=current-password]").fill(FAKE_PASSWORD);
  await page.locator("form button[type=submit]").click();
  await page.locator(".overview").waitFor();
}

/** Goes to a page of the house by its address, as a link would. */
export async function go(page: Page, path: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(`#${path}`)}`);
}
