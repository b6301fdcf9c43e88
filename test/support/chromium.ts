/** The system's Chromium for browser tests, with a fresh profile each time. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export const chromiumPath = (): string | undefined =>
  process.env.LAMPLIGHTER_CHROMIUM ?? PATHS.find((path) => existsSync(path));

/** With `LAMPLIGHTER_RINGS=all` nothing is skipped: a missing browser then fails the tests. */
export const mustRunAllRings = (): boolean => process.env.LAMPLIGHTER_RINGS === "all";

export const launchChromium = (): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumPath() ?? "chromium is not installed",
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
