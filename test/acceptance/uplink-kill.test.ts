/**
 * Gateway, server and broker are killed again and again under load. Whatever the gateway once held as
 * durable is in the store afterwards, exactly once.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { instant, seconds } from "../../core/time.ts";
import { type EmbeddedStore, openEmbeddedStore } from "../../server/store/embedded-store.ts";
import { CRASH_POINT, crashStore } from "../support/crash-plan.ts";
import { eventually } from "../support/eventually.ts";
import { EmbeddedRigBroker } from "../support/uplink-rig.ts";

const PART = fileURLToPath(new URL("../support/crash-part.ts", import.meta.url));
const KILLS = Number(process.env.KILLS ?? 9);
const SEED = Number(process.env.SEED ?? 7);

const folder = mkdtempSync(join(tmpdir(), "uplink-kill-"));
const broker = new EmbeddedRigBroker();
const children = new Set<ChildProcess>();
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await broker.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Mulberry32: the same seed kills in the same order. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

class Part {
  output = "";
  readonly #child: ChildProcess;

  constructor(...args: readonly string[]) {
    this.#child = spawn(process.execPath, [PART, ...args], { stdio: ["ignore", "pipe", "ignore"] });
    this.#child.stdout?.on("data", (data) => {
      this.output += String(data);
    });
    children.add(this.#child);
  }

  async kill(): Promise<void> {
    const closed = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.kill("SIGKILL");
    await closed;
    children.delete(this.#child);
  }

  highest(word: string): number {
    const found = [...this.output.matchAll(new RegExp(`^${word} (\\d+)$`, "gm"))];
    return Math.max(0, ...found.map(([, n]) => Number(n)));
  }
}

it(`loses and doubles nothing in ${KILLS} kills (seed ${SEED})`, {
  timeout: 30_000 + KILLS * 10_000,
}, async () => {
  await broker.start();
  const next = random(SEED);
  const url = broker.access.url;
  let offered = 0;
  let server = new Part("server", url, folder);
  let gateway = new Part("gateway", url, folder, "1");
  const durable = new Set<number>();
  const note = (): void => {
    offered = Math.max(offered, gateway.highest("offering"));
    for (const [, n] of gateway.output.matchAll(/^durable (\d+)$/gm)) {
      for (let value = Number(n) - 49; value <= Number(n); value++) durable.add(value);
    }
  };
  for (let kill = 0; kill < KILLS; kill++) {
    const before = gateway.highest("durable");
    const enough = before + 500 + Math.floor(next() * 2_000);
    await eventually("some are durable", () => gateway.highest("durable") > enough, seconds(20));
    const who = Math.floor(next() * 3);
    if (who === 0) {
      await server.kill();
      server = new Part("server", url, folder);
    } else if (who === 1) {
      await gateway.kill();
      note();
      gateway = new Part("gateway", url, folder, String(offered + 1));
    } else {
      await broker.stop();
      await broker.start();
    }
  }
  const enough = gateway.highest("durable") + 500;
  await eventually("some more are durable", () => gateway.highest("durable") > enough, seconds(20));
  await gateway.kill();
  note();
  // One more life of the gateway, to bring what its buffer still holds.
  gateway = new Part("gateway", url, folder);
  await eventually("it has nothing left", () => gateway.output.includes("empty"), seconds(20));
  await gateway.kill();
  await server.kill();

  const store = await openEmbeddedStore(crashStore(join(folder, "series")));
  const stored = await valuesOf(store);
  // The series itself would hide a doubled sample; the account of what was appended does not.
  const appended = (await store.lanes()).reduce((sum, lane) => sum + lane.samples, 0);
  await store.close();
  const lost = [...durable].filter((value) => !stored.has(value)).length;
  expect(durable.size).toBeGreaterThan(1_000);
  expect({ lost, doubled: appended - stored.size }).toEqual({ lost: 0, doubled: 0 });
});

async function valuesOf(store: EmbeddedStore): Promise<ReadonlySet<number>> {
  const values = new Set<number>();
  const query = { point: CRASH_POINT, from: instant(0), to: instant(Date.UTC(2199, 0, 1)) };
  for (let after: string | undefined; ; ) {
    const page = await store.raw(query, after === undefined ? {} : { after });
    for (const sample of page.samples) {
      if (sample.quality === "good" && typeof sample.value === "number") values.add(sample.value);
    }
    if (page.next === undefined) return values;
    after = page.next;
  }
}
