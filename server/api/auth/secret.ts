/** Random secrets handed out once; only their hash is kept. */
import { createHash, randomBytes } from "node:crypto";

const SECRET_BYTES = 32;

export const makeSecret = (): string => randomBytes(SECRET_BYTES).toString("base64url");

export const hashSecret = (secret: string): string =>
  createHash("sha256").update(secret).digest("hex");
