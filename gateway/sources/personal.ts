/**
 * Card numbers and the like are replaced before anything is stored: the same card always gives the same
 * word, and nobody without this gateway's key can turn it back or try all numbers out.
 */
import { createHmac } from "node:crypto";

/** Bytes of the digest that are kept: enough that two cards never meet. */
const DIGEST_BYTES = 16;
/** A shorter key could be guessed. */
const KEY_BYTES_MIN = 16;

export type PersonalHash = (text: string) => string;

export function createPersonalHash(key: Uint8Array): PersonalHash {
  if (key.length < KEY_BYTES_MIN) {
    throw new RangeError(`key of ${key.length} bytes, needed are ${KEY_BYTES_MIN}`);
  }
  return (text) => {
    const digest = createHmac("sha256", key).update(text, "utf8").digest();
    return `k:${digest.subarray(0, DIGEST_BYTES).toString("hex")}`;
  };
}
