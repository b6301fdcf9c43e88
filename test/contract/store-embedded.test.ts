import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "vitest";
import { silentLog } from "../../platform/log.ts";
import { type EmbeddedStore, openEmbeddedStore } from "../../server/store/embedded-store.ts";
import type { SampleStore } from "../../server/store/store.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { itAnswersLikeTheModel } from "./store-properties.ts";
import { type StoreUnderTest, storeSuite } from "./store-suite.ts";

/** Threads start quicker when they need not compile for every folder anew. */
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), "lamplighter-test-compiled");

async function embedded(
  settle: (store: EmbeddedStore) => EmbeddedStore,
  sealSamplesMin?: number,
): Promise<StoreUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), "lamplighter-store-"));
  const options = { folder, zone: "Asia/Shanghai", clock: new FakeClock(), log: silentLog };
  const sealing = sealSamplesMin === undefined ? {} : { sealSamplesMin };
  return {
    open: async () => settle(await openEmbeddedStore({ ...options, ...sealing })),
    remove: () => rm(folder, { recursive: true }),
  };
}

/** Every answer then comes from chunks. */
function sealedAtOnce(store: EmbeddedStore): EmbeddedStore {
  const append = store.append.bind(store);
  store.append = async (request) => {
    const outcome = await append(request);
    await store.seal();
    return outcome;
  };
  return store;
}

storeSuite("the embedded store, answering from its log", () => embedded((store) => store));
storeSuite("the embedded store, answering from chunks", () => embedded(sealedAtOnce));
storeSuite("the embedded store, sealing all the time", () => embedded((store) => store, 1));

describe("the embedded store", () => {
  const seal = (store: SampleStore) => (store as EmbeddedStore).seal();
  itAnswersLikeTheModel({ make: () => embedded((store) => store), seal, runs: 20 });
});
