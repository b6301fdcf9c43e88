import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../platform/log.ts";
import { openEmbeddedStore } from "../../server/store/embedded-store.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { storeSuite } from "./store-suite.ts";

storeSuite("the embedded store", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lamplighter-store-"));
  const options = { folder, zone: "Asia/Shanghai", clock: new FakeClock(), log: silentLog };
  return {
    open: () => openEmbeddedStore(options),
    remove: () => rm(folder, { recursive: true }),
  };
});
