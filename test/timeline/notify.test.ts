/** Who is told of an alarm, over real sockets: slow, rude and dead receivers among good ones. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { PointId } from "../../core/ids.ts";
import { hours, minutes, seconds } from "../../core/time.ts";
import { silentLog } from "../../platform/log.ts";
import { OutOfServiceBook } from "../../server/alarms/out-of-service.ts";
import type { AlarmView } from "../../server/api/contract.ts";
import { Notifier } from "../../server/notify/notifier.ts";
import { createWebhook } from "../../server/notify/webhook.ts";
import { loadRules } from "../../server/rules/rule-directory.ts";
import { AlarmDesk } from "../support/alarm-desk.ts";
import { good, pid } from "../support/campus.ts";
import { eventually } from "../support/eventually.ts";
import { settle } from "../support/fake-clock.ts";

const GAS = "lab1-gas/gas_lel";
interface Told {
  readonly key: string;
  readonly step: { readonly what: string; readonly number: number };
  readonly alarm: AlarmView;
}

class Receiver {
  readonly told: Told[] = [];
  readonly #server: Server;

  constructor(answer: (request: IncomingMessage, response: ServerResponse) => void) {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = JSON.parse(Buffer.concat(chunks).toString()) as Omit<Told, "key">;
        this.told.push({ ...body, key: String(request.headers["idempotency-key"]) });
        answer(request, response);
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

let desk: AlarmDesk;
const receivers: Receiver[] = [];

beforeEach(() => {
  desk = new AlarmDesk(loadRules());
  desk.plant.announce(GAS, "a1-lab", {
    quantity: "gasConcentration",
    hazard: "combustibleGas",
    unit: "%{LEL}",
  });
});
afterEach(async () => {
  await desk.stop();
  for (const receiver of receivers.splice(0)) receiver.close();
});

async function receiver(answer: ConstructorParameters<typeof Receiver>[0]) {
  const made = new Receiver(answer);
  receivers.push(made);
  return { made, url: await made.listen() };
}

const answers =
  (status: number, headers: Record<string, string> = {}) =>
  (_: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(status, headers).end("x");
  };

function notifier(
  on: AlarmDesk,
  urls: Readonly<Record<string, string>>,
  isSilent: (point: PointId) => boolean = () => false,
): Notifier {
  const { clock, db, book } = on;
  return new Notifier(
    { clock, log: silentLog, db, book, isSilent, random: () => 0 },
    Object.entries(urls).map(([id, url]) =>
      createWebhook(clock, { id, kind: "webhook", url, from: "low" }),
    ),
  );
}

async function leaks(on: AlarmDesk = desk): Promise<void> {
  on.samples.store(on.clock.now(), [good(GAS, on.clock.now(), 30)], "hazard");
  await settle();
}

const fates = (on: AlarmDesk = desk): readonly string[] =>
  on
    .alarms()
    .flatMap((a) => a.history)
    .filter((s) => s.channel !== undefined)
    .map((s) => `${s.channel} ${s.what} ${s.detail}`)
    .sort();

test("every step is told once, with the alarm, and its fate is in the history", async () => {
  const { made, url } = await receiver(answers(204));
  const told = notifier(desk, { security: url });
  await desk.run((signal) => told.run(signal));
  await leaks();
  await eventually("told", () => made.told.length === 1);
  const id = desk.alarms()[0]!.id;
  desk.book.acknowledge(id, "wang");
  await eventually("both noted", () => fates().length === 2);
  expect(made.told.map((t) => [t.step.what, t.alarm.state])).toEqual([
    ["raised", "unacknowledged"],
    ["acknowledged", "acknowledged"],
  ]);
  expect(made.told[0]?.alarm).toMatchObject({ point: GAS, space: "a1-lab", priority: "high" });
  expect(new Set(made.told.map((t) => t.key)).size).toBe(2);
  expect(fates()[0]).toBe("security notified #1 · HTTP 204 · 1×");
});

test("a silent, a redirecting, a refusing and a chattering receiver hold up nobody", async () => {
  const silent = await receiver(() => {});
  const redirecting = await receiver(answers(302, { location: "http://127.0.0.1:1/inside" }));
  const refusing = await receiver(answers(403));
  const chattering = await receiver((_, response) => {
    response.writeHead(200);
    const pour = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536))) {}
      if (!response.destroyed) response.once("drain", pour);
    };
    pour();
  });
  const fine = await receiver(answers(200));
  const told = notifier(desk, {
    silent: silent.url,
    redirecting: redirecting.url,
    refusing: refusing.url,
    chattering: chattering.url,
    fine: fine.url,
  });
  await desk.run((signal) => told.run(signal));
  await leaks();
  await eventually("all but the silent one", () => fates().length === 4);
  await eventually("the silent one was asked", () => silent.made.told.length === 1);
  await desk.clock.advance(seconds(5));
  await eventually("the silent one too", () => fates().length === 5);
  expect(fates()).toEqual([
    "chattering notified #1 · HTTP 200 · 1×",
    "fine notified #1 · HTTP 200 · 1×",
    "redirecting notificationFailed #1 · HTTP 302 · redirectNotFollowed · 1× · gaveUp",
    "refusing notificationFailed #1 · HTTP 403 · 1× · gaveUp",
    "silent notificationFailed #1 · timeout 5000 ms · 1× · willRetry",
  ]);
});

test("a receiver that is down is tried again until it is there", async () => {
  let isUp = false;
  const { made, url } = await receiver((request, response) =>
    answers(isUp ? 200 : 503)(request, response),
  );
  const told = notifier(desk, { security: url });
  await desk.run((signal) => told.run(signal));
  await leaks();
  await eventually("first failure", () => fates().length === 1);
  isUp = true;
  await desk.clock.advance(seconds(2));
  await eventually("told", () => fates().length === 2);
  expect(made.told.map((t) => t.key)).toHaveLength(2);
  expect(new Set(made.told.map((t) => t.key)).size).toBe(1);
  expect(fates()[1]).toBe("security notified #1 · HTTP 200 · 2×");
});

test("a shelved alarm is told to nobody until its time is over", async () => {
  const { made, url } = await receiver(answers(204));
  const told = notifier(desk, { security: url });
  await desk.run(
    (signal) => told.run(signal),
    (signal) => desk.book.run(signal),
  );
  await leaks();
  await eventually("told", () => fates().length === 1);
  const { id } = desk.alarms()[0]!;
  desk.book.shelve(id, "wang", { for: minutes(10), reason: "detector is being changed" });
  desk.book.acknowledge(id, "wang");
  await desk.clock.advance(minutes(9));
  const ofIt = () => made.told.filter((t) => t.alarm.id === id);
  expect(ofIt()).toHaveLength(1);
  await desk.clock.advance(minutes(1));
  await eventually("told again", () => ofIt().length === 2);
  expect(ofIt()[1]).toMatchObject({ step: { what: "unshelved" }, alarm: { id } });
  expect(desk.book.get(id)?.shelved).toBeUndefined();
});

test("a sensor out of service is recorded and told to nobody until it is back", async () => {
  const { made, url } = await receiver(answers(204));
  const { clock, db, plant, book } = desk;
  const outOfService = new OutOfServiceBook({ clock, db, plant, book });
  const told = notifier(desk, { security: url }, (point) => outOfService.isSilent(point));
  await desk.run(
    (signal) => told.run(signal),
    (signal) => outOfService.run(signal),
  );
  const point = pid(GAS);
  const wish = { point, by: "wang", for: minutes(10), reason: "change", measure: "portable" };
  expect(outOfService.request(wish).state).toBe("requested");
  expect(() => outOfService.approve(point, "wang")).toThrow("a second person");
  outOfService.approve(point, "li");
  await leaks();
  expect(desk.alarms()).toMatchObject([{ state: "unacknowledged" }]);
  expect(book.frozenSpaces().size).toBe(2);
  const survivor = desk.crash();
  const again = new OutOfServiceBook({ clock, db: survivor.db, plant, book: survivor.book });
  expect(again.list()).toMatchObject([{ point, state: "inForce", approvedBy: "li" }]);
  await survivor.stop();
  await clock.advance(minutes(9));
  expect(made.told).toEqual([]);
  await clock.advance(minutes(1));
  await eventually("told when it is back", () =>
    made.told.some((t) => t.step.what === "inService" && t.alarm.priority === "high"),
  );
  expect(outOfService.list()).toEqual([]);
});

test("a clock set back by an hour delays no retry", async () => {
  let isUp = false;
  const { made, url } = await receiver((request, response) =>
    answers(isUp ? 200 : 503)(request, response),
  );
  const told = notifier(desk, { security: url });
  await desk.run((signal) => told.run(signal));
  await leaks();
  await eventually("first failure", () => fates().length === 1);
  isUp = true;
  desk.clock.step(hours(-1));
  await desk.clock.advance(seconds(2));
  await eventually("told", () => made.told.length === 2);
});

test("what waits survives a restart and goes out once; what went out does not go again", async () => {
  const { made, url } = await receiver(answers(200));
  notifier(desk, { security: url });
  await desk.run();
  await leaks();
  const second = desk.crash();
  const told = notifier(second, { security: url });
  await second.run((signal) => told.run(signal));
  await eventually("told after the restart", () => fates(second).length === 1);
  const third = second.crash();
  const again = notifier(third, { security: url });
  await third.run((signal) => again.run(signal));
  await third.clock.advance(seconds(10));
  expect(made.told).toHaveLength(1);
  await third.stop();
  await second.stop();
});
