/** OPC UA servers that forget, refuse and change their minds; the source goes on with the rest. */
import type { NodeId } from "node-opcua";
import { describe, expect, it } from "vitest";
import { seconds } from "../../core/time.ts";
import { silentLog } from "../../platform/log.ts";
import { eventually } from "../support/eventually.ts";
import {
  endAfterEach,
  isShown,
  LEVEL,
  LIGHT,
  startOpcua as start,
} from "../support/opcua-bench.ts";
import type { TestServer } from "../support/opcua-server.ts";

endAfterEach();

interface ServerSession {
  readonly authenticationToken: NodeId;
  readonly publishEngine: object;
  deleteSubscription(id: number): void;
}

/** The server's own sessions, which it does not show. */
const sessionsOf = (server: TestServer): readonly ServerSession[] =>
  Object.values(Reflect.get(server.opcua.engine, "_sessions"));

describe("OPC UA servers that do not behave", () => {
  it("serve what is there when thousands of variables are not", async () => {
    const missing = Array.from({ length: 1_500 }, (_, i) => `ghost-${i}`);
    const { server, sink } = await start({ devices: [...missing, "a1-lights"] });
    await eventually("the one that is there", isShown(sink, 0), seconds(30));
    server.set("a1-lights/light_level", 9);
    await eventually("it lives", isShown(sink, 9));
    expect(sink.last("ghost-1499/light_on")).toMatchObject({ reason: "notImplemented" });
    expect(sink.values.length).toBeLessThan(1_500 * 3 + 100);
  }, 60_000);

  it("change the type of a variable: bad, and good again when it is a number again", async () => {
    const { server, sink } = await start({
      server: { objects: { "a1-lights": { ...LIGHT, light_level: "BaseDataType" } } },
    });
    await eventually("first value", isShown(sink, 0));
    server.set("a1-lights/light_level", "n/a");
    await eventually("bad", () => sink.last(LEVEL)?.quality === "bad");
    expect(sink.last(LEVEL)).toMatchObject({ reason: "typeMismatch" });
    server.set("a1-lights/light_level", 7);
    await eventually("good again", isShown(sink, 7));
  }, 40_000);

  it("drop our subscription: it is made anew", async () => {
    const { server, sink, statuses } = await start();
    await eventually("first value", isShown(sink, 0));
    for (const session of sessionsOf(server)) {
      for (const id of Object.keys(Reflect.get(session.publishEngine, "_subscriptions"))) {
        session.deleteSubscription(Number(id));
      }
    }
    await eventually("lost", () => statuses.at(-1)?.state === "offline", seconds(12));
    server.set("a1-lights/light_level", 3);
    await eventually("again", isShown(sink, 3), seconds(20));
  }, 60_000);

  it("close our session: another is opened", async () => {
    const { server, sink } = await start();
    await eventually("first value", isShown(sink, 0));
    for (const session of sessionsOf(server)) {
      server.opcua.engine.closeSession(session.authenticationToken, true, "Terminated");
    }
    server.set("a1-lights/light_level", 4);
    await eventually("again", isShown(sink, 4), seconds(30));
  }, 60_000);

  it("offer no subscriptions: their variables are polled", async () => {
    const said: string[] = [];
    const log = { ...silentLog, warn: (message: string) => void said.push(message) };
    const { server, sink } = await start({
      server: { subscriptions: false },
      log,
    });
    await eventually("first value", isShown(sink, 0), seconds(15));
    server.set("a1-lights/light_level", 6);
    await eventually("polled", isShown(sink, 6), seconds(90));
    expect(said).toEqual(["no subscription, polling instead"]);
  }, 120_000);
});
