import { describe } from "vitest";
import { MemoryBuffer } from "../support/memory-buffer.ts";
import { bufferSuite } from "./buffer-suite.ts";

describe("the memory buffer", () => {
  bufferSuite((options) => new MemoryBuffer(options));
});
