import { expect, it } from "vitest";
import { createPersonalHash } from "../../../../gateway/sources/personal.ts";

// RFC 4231 test case 6: key of 131 bytes 0xaa.
it("is HMAC-SHA-256, cut to 16 bytes", () => {
  const hash = createPersonalHash(Buffer.alloc(131, 0xaa));
  expect(hash("Test Using Larger Than Block-Size Key - Hash Key First")).toBe(
    "k:60e431591ee0b67f0d8a26aacbf5b77f",
  );
});

it("differs with the key", () => {
  const [a, b] = [1, 2].map((n) => createPersonalHash(Buffer.alloc(32, n)));
  expect(a!("04A2247F")).not.toBe(b!("04A2247F"));
});

it("takes no key that could be guessed", () => {
  expect(() => createPersonalHash(Buffer.alloc(8))).toThrow("key of 8 bytes, needed are 16");
});
