import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { milliseconds, seconds } from "../../../../../core/time.ts";
import type { Framing, Stranger } from "../../../../../gateway/sources/modbus/frame.ts";
import {
  createTransport,
  LATE_ANSWER_MAX,
  type Transport,
  type WireEvents,
} from "../../../../../gateway/sources/modbus/transport.ts";
import { FakeClock } from "../../../../support/fake-clock.ts";
import { hex, toHex } from "../../../../support/hex.ts";
import { framed } from "../../../../support/modbus-device.ts";

class Wire {
  readonly clock = new FakeClock();
  readonly written: string[] = [];
  readonly strangers: Stranger[] = [];
  isClosed = false;
  events!: WireEvents;
  readonly transport: Transport;

  constructor(framing: Framing) {
    this.transport = createTransport({
      framing,
      clock: this.clock,
      silence: milliseconds(20),
      gap: milliseconds(4),
      name: "wire",
      onStranger: (stranger) => this.strangers.push(stranger),
      openWire: async (events) => {
        this.events = events;
        this.isClosed = false;
        return {
          write: (bytes) => this.written.push(toHex(bytes)),
          close: async () => {
            this.isClosed = true;
          },
        };
      },
    });
  }

  open(): Promise<void> {
    return this.transport.open(new AbortController().signal);
  }

  ask(pdu: string, unit = 1): Promise<string> {
    const exchange = { unit, pdu: hex(pdu), within: milliseconds(500) };
    return this.transport
      .exchange(exchange)
      .then(toHex, (error: { code: string; fields: object }) =>
        "kind" in error.fields ? `${error.code} ${error.fields.kind}` : error.code,
      );
  }

  async answer(pdu: string, unit = 1): Promise<void> {
    this.events.bytes(framed({ transaction: 0, unit }, Buffer.from(hex(pdu)), "rtu"));
    await this.clock.advance(milliseconds(0));
  }
}

const opened = async (framing: Framing): Promise<Wire> => {
  const wire = new Wire(framing);
  await wire.open();
  return wire;
};

describe("late answers on a line without transaction ids", () => {
  it("hold back another read of the same kind, and only that", async () => {
    const wire = await opened("rtu");
    const first = wire.ask("03 00 00 00 02");
    await wire.clock.advance(milliseconds(500));
    expect(await first).toBe("DEVICE_TIMEOUT");
    expect(await wire.ask("03 00 50 00 02")).toBe("DEVICE_ANSWER_INVALID heldBack");
    expect(wire.written).toHaveLength(1);
    // The same again, another length, another unit and a write cannot be mistaken.
    for (const [pdu, unit, answer] of [
      ["03 00 00 00 02", 1, "03 04 00 01 00 02"],
      ["03 00 50 00 03", 1, "03 06 00 01 00 02 00 03"],
      ["03 00 50 00 02", 2, "03 04 00 01 00 02"],
      ["06 00 01 00 03", 1, "06 00 01 00 03"],
    ] as const) {
      const asked = wire.ask(pdu, unit);
      await wire.clock.advance(milliseconds(30));
      await wire.answer(answer, unit);
      expect(await asked).toBe(answer);
    }
    await wire.clock.advance(LATE_ANSWER_MAX);
    const later = wire.ask("03 00 50 00 02");
    await wire.clock.advance(milliseconds(30));
    await wire.answer("03 04 00 07 00 08");
    expect(await later).toBe("03 04 00 07 00 08");
  });

  it("may come on the next connection of a converter", async () => {
    const wire = await opened("rtu");
    const first = wire.ask("03 00 00 00 02");
    await wire.clock.advance(milliseconds(10));
    wire.events.ended("reset");
    expect(await first).toBe("CONNECTION_LOST");
    await wire.open();
    expect(await wire.ask("03 00 50 00 02")).toBe("DEVICE_ANSWER_INVALID heldBack");
  });

  it("are counted when nobody waits any more", async () => {
    const wire = await opened("rtu");
    const asked = wire.ask("03 00 00 00 01");
    await wire.clock.advance(milliseconds(500));
    expect(await asked).toBe("DEVICE_TIMEOUT");
    await wire.answer("03 02 00 01");
    expect(wire.strangers).toEqual(["lateAnswer"]);
  });
});

describe("an adapter that hears itself", () => {
  it("cannot pass the echo of a write for the device's word", async () => {
    const wire = await opened("rtu");
    const read = wire.ask("03 00 00 00 01");
    await wire.clock.advance(milliseconds(0));
    await wire.answer("03 00 00 00 01");
    await wire.answer("03 02 00 07");
    expect(await read).toBe("03 02 00 07");
    const deaf = wire.ask("06 00 01 00 03");
    await wire.clock.advance(milliseconds(30));
    await wire.answer("06 00 01 00 03");
    await wire.clock.advance(milliseconds(500));
    expect(await deaf).toBe("DEVICE_TIMEOUT");
    const heard = wire.ask("06 00 01 00 03");
    await wire.clock.advance(milliseconds(30));
    await wire.answer("06 00 01 00 03");
    await wire.answer("06 00 01 00 03");
    expect(await heard).toBe("06 00 01 00 03");
  });
});

describe("silence on an RTU line", () => {
  it("is kept between an answer and the next request", async () => {
    const wire = await opened("rtu");
    const first = wire.ask("03 00 00 00 01");
    await wire.clock.advance(milliseconds(0));
    await wire.answer("03 02 00 01");
    await first;
    const second = wire.ask("03 00 00 00 01");
    await wire.clock.advance(milliseconds(3));
    expect(wire.written).toHaveLength(1);
    await wire.clock.advance(milliseconds(1));
    expect(wire.written).toHaveLength(2);
    await wire.answer("03 02 00 01");
    await second;
  });

  it("tells a damaged answer at once, not at the deadline", async () => {
    const wire = await opened("rtu");
    const asked = wire.ask("03 00 00 00 01");
    await wire.clock.advance(milliseconds(0));
    wire.events.bytes(hex("01 03 02 00 01 00 00"));
    await wire.clock.advance(milliseconds(20));
    expect(await asked).toBe("DEVICE_ANSWER_INVALID crc");
  });

  it("is not waited for without end", async () => {
    const wire = await opened("rtu");
    const asked = wire.ask("03 00 00 00 01");
    for (let i = 0; i < 40; i++) {
      wire.events.bytes(Uint8Array.of(0xff));
      await wire.clock.advance(milliseconds(10));
    }
    await wire.clock.advance(milliseconds(600));
    expect(await asked).toMatch(/^DEVICE_/);
    const next = wire.ask("03 00 00 00 01");
    for (let i = 0; i < 40 && wire.written.length < 2; i++) {
      wire.events.bytes(Uint8Array.of(0xff));
      await wire.clock.advance(milliseconds(10));
    }
    expect(wire.written).toHaveLength(2);
    await wire.clock.advance(seconds(1));
    await next;
  });
});

describe("a transport", () => {
  it("counts transactions to 65535 and around", async () => {
    const wire = await opened("mbap");
    for (let i = 1; i <= 0x1_0001; i++) {
      const asked = wire.ask("06 00 01 00 03");
      await null;
      wire.events.bytes(hex(`${wire.written.at(-1)}`));
      await asked;
    }
    expect(wire.written[0xfffe]).toBe("FF FF 00 00 00 06 01 06 00 01 00 03");
    expect(wire.written[0xffff]).toBe("00 00 00 00 00 06 01 06 00 01 00 03");
    expect(wire.written[0x1_0000]).toBe("00 01 00 00 00 06 01 06 00 01 00 03");
  });

  it("leaves no timer behind, however a transaction ends", async () => {
    const wire = await opened("rtu");
    for (const end of ["answer", "silence", "damage", "end"] as const) {
      const asked = wire.ask("06 00 01 00 03");
      await wire.clock.advance(milliseconds(30));
      if (end === "answer") await wire.answer("06 00 01 00 03");
      if (end === "damage") wire.events.bytes(hex("01 06 00 01 00 03 00 00"));
      if (end === "end") wire.events.ended("gone");
      await wire.clock.advance(seconds(1));
      await asked;
      expect([end, wire.clock.pendingTimers]).toEqual([end, 0]);
    }
  });

  it("settles every transaction in time, whatever comes, and takes no other's value", async () => {
    const event = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 60 }),
      fc.constantFrom("good", "late", "end", "wait" as const),
    );
    const run = async (framing: Framing, events: (Uint8Array | string)[]): Promise<boolean> => {
      const wire = await opened(framing);
      const request = { transaction: 1, unit: 1 };
      const good = framed(request, Buffer.from(hex("03 04 00 01 00 02")), framing);
      const late = framed(
        { transaction: 9, unit: 2 },
        Buffer.from(hex("03 04 FF FF FF FF")),
        framing,
      );
      const asked = wire.ask("03 00 00 00 02");
      await wire.clock.advance(milliseconds(1));
      for (const next of events) {
        if (next === "good") wire.events.bytes(good);
        else if (next === "late") wire.events.bytes(late);
        else if (next === "end") wire.events.ended("gone");
        else if (next === "wait") await wire.clock.advance(milliseconds(30));
        else if (typeof next !== "string") wire.events.bytes(next);
      }
      await wire.clock.advance(milliseconds(500));
      const answer = await Promise.race([asked, Promise.resolve().then(() => "never")]);
      return (
        answer !== "never" && !answer.includes("FF FF FF FF") && wire.clock.pendingTimers === 0
      );
    };
    const events = fc.array(event, { maxLength: 12 });
    const framing = fc.constantFrom<Framing>("mbap", "rtu");
    await fc.assert(fc.asyncProperty(framing, events, run), { numRuns: 300 });
  });

  it("closes a stream that floods it while nobody asks", async () => {
    const wire = await opened("mbap");
    for (let i = 0; i < 10; i++) wire.events.bytes(new Uint8Array(500).fill(7));
    expect(wire.isClosed).toBe(true);
    expect(wire.transport.isOpen).toBe(false);
  });
});
