import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OversizeFilter, type PacketHeader, PacketWalker } from "../../../platform/mqtt-packets.ts";
import { packet, publishPacket } from "../../support/raw-mqtt.ts";

const MARK = Buffer.from("MARKMARKMARKMARK");

async function through(chunks: readonly Buffer[], bytesMax: number): Promise<Buffer> {
  const filter = new OversizeFilter({ bytesMax, mark: MARK });
  const out: Buffer[] = [];
  filter.on("data", (chunk: Buffer) => out.push(chunk));
  const ended = new Promise((resolve, reject) => {
    filter.once("end", resolve);
    filter.once("error", reject);
  });
  for (const chunk of chunks) filter.write(chunk);
  filter.end();
  await ended;
  return Buffer.concat(out);
}

function cut(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const at = [...new Set(places.map((place) => place % bytes.length))].sort((a, b) => a - b);
  return [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length));
}

describe("packet walker", () => {
  // MQTT 3.1.1 §2.2.3, table 2.4: the first and last length of each number of bytes.
  it.each([
    [[0x30, 0x00], 0],
    [[0x30, 0x7f], 127],
    [[0x30, 0x80, 0x01], 128],
    [[0x30, 0xff, 0x7f], 16_383],
    [[0x30, 0x80, 0x80, 0x01], 16_384],
    [[0x30, 0xff, 0xff, 0x7f], 2_097_151],
    [[0x30, 0x80, 0x80, 0x80, 0x01], 2_097_152],
    [[0x30, 0xff, 0xff, 0xff, 0x7f], 268_435_455],
  ])("reads the length of %j as %i", (bytes, length) => {
    const seen: PacketHeader[] = [];
    const walker = new PacketWalker((header) => {
      seen.push(header);
      return undefined;
    });
    expect(walker.walk(Uint8Array.from(bytes))).toBeUndefined();
    expect(seen).toEqual([{ type: 3, flags: 0, length }]);
  });

  it("refuses a length of five bytes", () => {
    const walker = new PacketWalker(() => undefined);
    const bytes = Uint8Array.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x01]);
    expect(walker.walk(bytes)).toBe("its packet length has more than 4 bytes");
  });

  it("finds the same packets however the stream is cut", () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(lengths, fc.array(fc.nat()), (sizes, places) => {
        const bytes = Buffer.concat(sizes.map((size) => packet(0xc0, Buffer.alloc(size, 0xff))));
        const seen: number[] = [];
        const walker = new PacketWalker((header) => {
          seen.push(header.length);
          return undefined;
        });
        for (const chunk of cut(bytes, places)) walker.walk(chunk);
        expect(seen).toEqual(sizes);
      }),
    );
  });
});

describe("oversize filter", () => {
  it("takes the payload of a long message and leaves topic, id and everything else", async () => {
    const long = publishPacket("lab/picture", Buffer.alloc(50_000, 1), 0x1234);
    const short = publishPacket("lab/gas", Buffer.from("12"), 7);
    const given = await through([Buffer.concat([short, long, short])], 10_000);
    const said = Buffer.concat([MARK, Buffer.from("50000")]);
    const shortened = publishPacket("lab/picture", said, 0x1234);
    expect(given).toEqual(Buffer.concat([short, shortened, short]));
  });

  it("gives the same however the stream is cut", async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.array(fc.nat()), async (lengths, places) => {
        const bytes = Buffer.concat(
          lengths.map((length, i) =>
            publishPacket(`t/${i}`, Buffer.alloc(length), i % 2 === 0 ? undefined : i),
          ),
        );
        expect(await through(cut(bytes, places), 200)).toEqual(await through([bytes], 200));
      }),
      { numRuns: 50 },
    );
  });

  it("ends a stream with a length of five bytes", async () => {
    const bytes = Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x01]);
    await expect(through([bytes], 100)).rejects.toThrow("more than 4 bytes");
  });
});
