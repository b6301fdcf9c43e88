import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../../platform/clock.ts";
import { Playback, parseRecording } from "../../../../simulators/modbus/recording.ts";
import { startPlayback, startRecording, type Tape } from "../../../../simulators/modbus/tape.ts";
import { eventually } from "../../../support/eventually.ts";
import { hex, toHex } from "../../../support/hex.ts";

let folder: string;
let file: string;
const tapes: Tape[] = [];
let device: Server | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tape-"));
  file = join(folder, "meter.jsonl");
});
afterEach(async () => {
  for (const tape of tapes.splice(0)) await tape.close();
  device?.close();
  device = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** Not ours: a device that counts its answers, written for this test alone. */
function countingDevice(): Promise<number> {
  let answers = 0;
  device = createServer((socket) => {
    socket.on("data", (bytes) => {
      const asked = Buffer.from(bytes);
      const value = Buffer.of(0, ++answers);
      socket.write(
        Buffer.concat([asked.subarray(0, 4), hex("00 05"), asked.subarray(6, 8), hex("02"), value]),
      );
    });
    socket.on("error", () => {});
  });
  return new Promise((resolve) => {
    device?.listen(0, "127.0.0.1", () => {
      const address = device?.address();
      resolve(typeof address === "object" && address ? address.port : 0);
    });
  });
}

async function asks(port: number, ...requests: readonly string[]): Promise<readonly string[]> {
  const socket = connect({ host: "127.0.0.1", port });
  const answers: string[] = [];
  socket.on("data", (bytes) => answers.push(toHex(Buffer.from(bytes))));
  for (const [i, request] of requests.entries()) {
    socket.write(hex(request));
    await eventually("an answer", () => answers.length > i);
  }
  socket.destroy();
  return answers;
}

const ASK = "00 01 00 00 00 06 02 04 00 34 00 01";
const OTHER = "00 02 00 00 00 06 02 04 00 35 00 01";

it("what a device said to its master is said again without the device", async () => {
  const port = await countingDevice();
  const recording = await startRecording(systemClock, {
    file,
    port: 0,
    target: { host: "127.0.0.1", port },
  });
  const live = await asks(recording.port, ASK, ASK);
  expect(live).toEqual(["00 01 00 00 00 05 02 04 02 00 01", "00 01 00 00 00 05 02 04 02 00 02"]);
  await recording.close();
  device?.close();
  const playback = await startPlayback({ file, port: 0 });
  tapes.push(playback);
  // In order, then the last one stays; what was never asked is a silent target.
  expect(await asks(playback.port, ASK, ASK, ASK, OTHER)).toEqual([
    ...live,
    live[1],
    "00 02 00 00 00 03 02 84 0B",
  ]);
});

it("writes one exchange per line", async () => {
  const port = await countingDevice();
  const target = { host: "127.0.0.1", port };
  const recording = await startRecording(systemClock, { file, port: 0, target });
  await asks(recording.port, ASK);
  await recording.close();
  const [line] = readFileSync(file, "utf8").split("\n");
  expect(JSON.parse(line!)).toEqual({
    at: expect.any(Number),
    unit: 2,
    ask: "0400340001",
    answer: "04020001",
  });
});

describe("parseRecording", () => {
  const good = '{"at":0,"unit":2,"ask":"04","answer":"0402"}\n';
  it.each([
    ["a last line cut off by a crash is left out", `${good}{"at":1,"uni`, 1],
    ["empty lines are nothing", `\n${good}\n`, 1],
  ])("%s", (_, text, count) => {
    const parsed = parseRecording(text);
    expect(parsed.ok ? parsed.value.length : parsed.error).toBe(count);
  });

  it.each([
    ["a broken line in the middle is named", `${good}nonsense\n${good}`, /line 2/],
    ["an empty file is refused", "", /no exchange/],
    ["bytes that are none are refused", '{"at":0,"unit":2,"ask":"4","answer":"04"}\n', /hex/],
  ])("%s", (_, text, expected) => {
    const parsed = parseRecording(text);
    expect(parsed.ok ? "" : parsed.error).toMatch(expected);
  });
});

it("a recording that cannot be read is refused in a sentence", async () => {
  writeFileSync(file, "");
  await expect(startPlayback({ file, port: 0 })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});

it("Playback keeps units apart", () => {
  const playback = new Playback([
    { at: 0, unit: 1, ask: "04", answer: "01" },
    { at: 0, unit: 2, ask: "04", answer: "02" },
  ]);
  expect(playback.answerTo(2, Buffer.of(4))).toEqual(Buffer.of(2));
  expect(playback.answerTo(3, Buffer.of(4))).toBeUndefined();
});
