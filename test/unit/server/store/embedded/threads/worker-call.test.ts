import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LamplighterError } from "../../../../../../core/errors.ts";
import {
  CALLS_PENDING_MAX,
  WorkerThread,
} from "../../../../../../server/store/embedded/threads/worker-call.ts";
import type { EchoCalls } from "./echo-worker.ts";

describe("WorkerThread", () => {
  let thread: WorkerThread<EchoCalls>;
  let failures: LamplighterError[];

  beforeEach(() => {
    failures = [];
    thread = new WorkerThread({
      name: "The echo",
      file: new URL("./echo-worker.ts", import.meta.url),
      data: undefined,
      compiled: join(tmpdir(), "lamplighter-test-compiled"),
      onFailure: (error) => failures.push(error),
    });
  });

  afterEach(() => thread.end());

  it("moves buffers there and back", async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const answer = await thread.call("double", bytes, [bytes.buffer]);
    expect([...answer]).toEqual([2, 4, 6]);
    expect(bytes.byteLength).toBe(0);
  });

  it("keeps the code and the words of an error", async () => {
    await expect(thread.call("refuse", undefined)).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: "It is not here.",
      fields: { where: "here" },
    });
    await expect(thread.call("full", undefined)).rejects.toMatchObject({ code: "DISK_FULL" });
  });

  it("rejects everything pending when the thread ends by itself, and says so once", async () => {
    const hanging = thread.call("hang", undefined);
    const ending = thread.call("end", undefined);
    await expect(hanging).rejects.toMatchObject({
      code: "INTERNAL",
      message: "The echo ended: exit code 3.",
    });
    await expect(ending).rejects.toMatchObject({ code: "INTERNAL" });
    await expect(thread.call("hang", undefined)).rejects.toMatchObject({ code: "INTERNAL" });
    expect(failures).toHaveLength(1);
  });

  it("says nothing when the thread was asked to end", async () => {
    const hanging = expect(thread.call("hang", undefined)).rejects.toThrow("ended");
    await thread.end();
    await hanging;
    expect(failures).toEqual([]);
  });

  it("refuses more calls than it may keep waiting", async () => {
    const waiting = Array.from({ length: CALLS_PENDING_MAX }, () =>
      thread.call("hang", undefined).catch(() => {}),
    );
    await expect(thread.call("hang", undefined)).rejects.toMatchObject({ code: "OVERLOADED" });
    await thread.end();
    await Promise.all(waiting);
  });
});
