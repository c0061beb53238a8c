import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

/**
 * `fsk_<id>_<secret><checksum>`, all hexadecimal: 8 bytes that identify the key, 32 random bytes, and the
 * CRC-32 of everything before it. A double-click selects the whole key, secret scanners find it by its
 * prefix, and a mistyped key is recognized without the database.
 */
const pattern = /^(fsk_([0-9a-f]{16})_([0-9a-f]{64}))([0-9a-f]{8})$/;

const checksum = (text: string) => crc32(text).toString(16).padStart(8, "0");

/**
 * SHA-256 and nothing slower: a slow hash protects passwords that can be guessed, and 256 random bits cannot.
 */
const hashSecret = (secret: string) => createHash("sha256").update(secret).digest();

/** The part of a key that may be shown. */
export const apiKeyPrefix = (id: string) => `fsk_${id}`;

/** Creates a key. `key` is shown once and never stored; `secretHash` is stored. */
export function makeApiKey(): { id: string; key: string; secretHash: Buffer } {
  const id = randomBytes(8).toString("hex");
  const secret = randomBytes(32).toString("hex");
  const body = `${apiKeyPrefix(id)}_${secret}`;
  return { id, key: body + checksum(body), secretHash: hashSecret(secret) };
}

/** Returns the halves of a key; null when it is not a key or is incomplete. */
export function readApiKey(key: string): { id: string; secretHash: Buffer } | null {
  const [, body, id, secret, sum] = pattern.exec(key) ?? [];
  if (!body || !id || !secret || sum !== checksum(body)) return null;
  return { id, secretHash: hashSecret(secret) };
}
