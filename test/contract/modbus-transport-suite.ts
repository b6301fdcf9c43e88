/** What every transport owes its user, whatever the other side does. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ErrorCode, LamplighterError } from "../../core/errors.ts";
import { milliseconds, seconds } from "../../core/time.ts";
import {
  createTransport,
  type Transport,
  type TransportOptions,
} from "../../gateway/sources/modbus/transport.ts";
import { systemClock } from "../../platform/clock.ts";
import { hex, toHex } from "../support/hex.ts";
import { framed } from "../support/modbus-device.ts";

export interface PeerRequest {
  readonly transaction: number;
  readonly unit: number;
  readonly pdu: Buffer;
}

/** The other end of the wire. */
export interface Peer {
  readonly wire: Pick<TransportOptions, "openWire" | "framing" | "silence" | "gap" | "name">;
  onRequest: (request: PeerRequest) => void;
  send(bytes: Uint8Array): void;
  /**
   * Ends the stream from the other side, and comes back for the next opening where that is
   * possible.
   */
  hangUp(): Promise<void>;
  close(): Promise<void>;
}

const READ_TWO = hex("03 00 6B 00 02");
const TWO = Buffer.from(hex("03 04 02 2B 00 64"));
const SHORT = milliseconds(250);

export function transportSuite(name: string, makePeer: () => Promise<Peer>): void {
  describe(`${name}: what a transport owes`, () => {
    let peer: Peer;
    let transport: Transport;

    beforeEach(async () => {
      peer = await makePeer();
      transport = createTransport({ ...peer.wire, clock: systemClock });
      await transport.open(new AbortController().signal);
    });
    afterEach(async () => {
      await transport.close();
      await peer.close();
    });

    const frame = (request: PeerRequest, pdu: Uint8Array, unit = request.unit): Buffer =>
      framed({ ...request, unit }, Buffer.from(pdu), peer.wire.framing);
    const ask = (unit = 17, pdu = READ_TWO, within = SHORT): Promise<Uint8Array> =>
      transport.exchange({ unit, pdu, within });
    const refusal = async (asked: Promise<unknown>): Promise<ErrorCode> => {
      const error = await asked.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error instanceof LamplighterError) return error.code;
      throw new Error(`expected an operating error, got ${String(error)}`);
    };
    const answerNormally = (): void => {
      peer.onRequest = (request) => peer.send(frame(request, TWO));
    };

    it("brings the answer to a request", async () => {
      answerNormally();
      expect(toHex(await ask())).toBe(toHex(TWO));
    });

    it("brings an exception as an answer", async () => {
      peer.onRequest = (request) => peer.send(frame(request, hex("83 02")));
      expect(toHex(await ask())).toBe("83 02");
    });

    it("says timeout when nothing comes, and goes on", async () => {
      const start = performance.now();
      expect(await refusal(ask())).toBe("DEVICE_TIMEOUT");
      expect(performance.now() - start).toBeLessThan(SHORT + 400);
      answerNormally();
      expect(toHex(await ask())).toBe(toHex(TWO));
    });

    it("puts an answer together that comes byte by byte", async () => {
      peer.onRequest = (request) => {
        void (async () => {
          for (const byte of frame(request, TWO)) {
            peer.send(Uint8Array.of(byte));
            await systemClock.sleep(milliseconds(8));
          }
        })();
      };
      expect(toHex(await ask(17, READ_TWO, seconds(1)))).toBe(toHex(TWO));
    });

    it("gives up on one byte a second at the deadline", async () => {
      peer.onRequest = (request) => peer.send(frame(request, TWO).subarray(0, 5));
      expect(await refusal(ask())).toBe("DEVICE_ANSWER_INVALID");
    });

    it("does not give the late answer of one unit to another", async () => {
      let late: PeerRequest | undefined;
      peer.onRequest = (request) => {
        if (late === undefined) {
          late = request;
          return;
        }
        peer.send(frame(late, hex("03 04 DE AD BE EF")));
        peer.send(frame(request, TWO));
      };
      expect(await refusal(ask(17))).toBe("DEVICE_TIMEOUT");
      expect(toHex(await ask(18))).toBe(toHex(TWO));
    });

    it("never takes an answer of the wrong unit", async () => {
      peer.onRequest = (request) => peer.send(frame(request, TWO, 99));
      expect(["DEVICE_ANSWER_INVALID", "DEVICE_TIMEOUT"]).toContain(await refusal(ask()));
    });

    it("never takes an exception of the wrong unit", async () => {
      peer.onRequest = (request) => peer.send(frame(request, hex("83 02"), 99));
      expect(["DEVICE_ANSWER_INVALID", "DEVICE_TIMEOUT"]).toContain(await refusal(ask()));
    });

    it.each([
      { name: "another function", pdu: "04 04 02 2B 00 64" },
      { name: "a byte count that lies low", pdu: "03 02 02 2B 00 64" },
      { name: "a byte count that lies high", pdu: "03 06 02 2B 00 64" },
      { name: "one register too few", pdu: "03 02 02 2B" },
      { name: "one register too many", pdu: "03 06 02 2B 00 64 00 00" },
    ])("refuses $name, and the next request is right", async ({ pdu }) => {
      peer.onRequest = (request) => peer.send(frame(request, hex(pdu)));
      expect(["DEVICE_ANSWER_INVALID", "DEVICE_TIMEOUT"]).toContain(await refusal(ask()));
      answerNormally();
      if (!transport.isOpen) await transport.open(new AbortController().signal);
      expect(toHex(await ask(18))).toBe(toHex(TWO));
    });

    it("finds the answer behind a byte of garbage", async () => {
      peer.onRequest = (request) =>
        peer.send(Buffer.concat([Buffer.of(0xaa), frame(request, TWO)]));
      expect(toHex(await ask())).toBe(toHex(TWO));
    });

    it("finds its way after garbage that nobody asked for", async () => {
      peer.send(hex("00 00 00 00 FF FF 01 02 03"));
      await systemClock.sleep(milliseconds(50));
      answerNormally();
      const first = await ask().catch(() => undefined);
      if (!transport.isOpen) await transport.open(new AbortController().signal);
      expect(toHex(first ?? (await ask(18)))).toBe(toHex(TWO));
    });

    it("ends a flood without an answer", async () => {
      peer.onRequest = () => peer.send(new Uint8Array(10_000).fill(0x55));
      expect(["DEVICE_ANSWER_INVALID", "DEVICE_TIMEOUT"]).toContain(await refusal(ask()));
      answerNormally();
      await transport.close();
      await transport.open(new AbortController().signal);
      expect(toHex(await ask())).toBe(toHex(TWO));
    });

    it("fails what is pending at once when the other side goes", async () => {
      peer.onRequest = () => void peer.hangUp();
      const start = performance.now();
      expect(await refusal(ask(17, READ_TWO, seconds(5)))).toBe("CONNECTION_LOST");
      expect(performance.now() - start).toBeLessThan(2_000);
      expect(transport.isOpen).toBe(false);
    });

    it("fails what is pending when it is closed, and closing twice is fine", async () => {
      const asked = refusal(ask(17, READ_TWO, seconds(5)));
      await systemClock.sleep(milliseconds(30));
      await Promise.all([transport.close(), transport.close()]);
      expect(await asked).toBe("CONNECTION_LOST");
      expect(await refusal(ask())).toBe("CONNECTION_LOST");
    });

    it("can be opened and closed again and again", async () => {
      answerNormally();
      for (let i = 0; i < 10; i++) {
        await transport.close();
        await transport.open(new AbortController().signal);
        expect(toHex(await ask())).toBe(toHex(TWO));
      }
    });
  });
}
