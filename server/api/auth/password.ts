/** Passwords as argon2id, with the parameters beside the hash so that they can grow. */
import { argon2, randomBytes, timingSafeEqual } from "node:crypto";

/** OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, 2 passes, 1 lane. */
const CURRENT = { memoryKiB: 19_456, passes: 2, lanes: 1 } as const;
const HASH_BYTES = 32;
const SALT_BYTES = 16;

interface Parameters {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
}

/** `argon2id$19456$2$1$<salt>$<hash>` */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, CURRENT);
  const { memoryKiB, passes, lanes } = CURRENT;
  return ["argon2id", memoryKiB, passes, lanes, salt.toString("hex"), hash.toString("hex")].join(
    "$",
  );
}

export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [kind, memoryKiB, passes, lanes, salt, hash] = stored.split("$");
  if (kind !== "argon2id" || salt === undefined || hash === undefined) return false;
  const derived = await derive(password, Buffer.from(salt, "hex"), {
    memoryKiB: Number(memoryKiB),
    passes: Number(passes),
    lanes: Number(lanes),
  });
  const expected = Buffer.from(hash, "hex");
  return derived.length === expected.length && timingSafeEqual(derived, expected);
}

function derive(password: string, salt: Buffer, parameters: Parameters): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    argon2(
      "argon2id",
      {
        message: Buffer.from(password.normalize("NFC")),
        nonce: salt,
        parallelism: parameters.lanes,
        tagLength: HASH_BYTES,
        memory: parameters.memoryKiB,
        passes: parameters.passes,
      },
      (error, key) => (error === null ? resolve(key) : reject(error)),
    );
  });
}
