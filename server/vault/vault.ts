import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from "node:crypto";
import type { SealedFor } from "../../db/sealed.ts";
import { Secret } from "./secret.ts";

const algorithm = "aes-256-gcm";
/** Bytes, as NIST SP 800-38D recommends for GCM. */
const ivLength = 12;
const tagLength = 16;

/** A sealed token that cannot be opened: a key that is gone, another row's token, or altered bytes. */
export class VaultError extends Error {
  override readonly name = "VaultError";
}

/**
 * What an envelope's first word says of its additional data. `v1` bound the row alone, and servers from before
 * `v2` read nothing else: `TOKEN_ENVELOPES=v1` seals for them while they run (docs/operations.md).
 */
export const envelopeFormats = ["v1", "v2"] as const;
export type EnvelopeFormat = (typeof envelopeFormats)[number];

const additionalData: Record<EnvelopeFormat, (owner: SealedFor) => string> = {
  v1: ({ kind, id }) => (kind === "public_token" ? `public_token:${id}` : id),
  v2: ({ kind, userId, id }) => `${kind}:${userId}:${id}`,
};

/**
 * Seals tokens with AES-256-GCM. The envelope is `<format>.<key id>.<base64url of iv, tag, ciphertext>`, with
 * its owner as additional data, so a token moved to another user or row does not open.
 */
export class Vault {
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly #format: EnvelopeFormat;
  /** The key that seals. */
  readonly sealingKeyId: string;

  /** The first key of the ring seals, in `format`; every key opens, in every format. */
  constructor(keys: ReadonlyMap<string, KeyObject>, format: EnvelopeFormat = "v2") {
    const [first] = keys.keys();
    if (first === undefined) throw new VaultError("the key ring is empty");
    this.#keys = keys;
    this.#format = format;
    this.sealingKeyId = first;
  }

  /** What an envelope begins with that is sealed now. */
  get prefix(): string {
    return `${this.#format}.${this.sealingKeyId}`;
  }

  /** Whether what is sealed with this key opens. */
  has(keyId: string): boolean {
    return this.#keys.has(keyId);
  }

  seal(secret: Secret, owner: SealedFor): string {
    const iv = randomBytes(ivLength);
    const cipher = createCipheriv(algorithm, this.#key(this.sealingKeyId), iv);
    cipher.setAAD(Buffer.from(additionalData[this.#format](owner)));
    const ciphertext = Buffer.concat([cipher.update(secret.reveal(), "utf8"), cipher.final()]);
    const body = Buffer.concat([iv, cipher.getAuthTag(), ciphertext]).toString("base64url");
    return `${this.prefix}.${body}`;
  }

  /** Throws `VaultError`; its message names the key id at most. */
  open(envelope: string, owner: SealedFor): Secret {
    const [version, keyId, body, ...rest] = envelope.split(".");
    const format = envelopeFormats.find((known) => known === version);
    if (!format || !keyId || !body || rest.length > 0) {
      throw new VaultError("not an envelope of this vault");
    }
    const bytes = Buffer.from(body, "base64url");
    const decipher = createDecipheriv(algorithm, this.#key(keyId), bytes.subarray(0, ivLength), {
      authTagLength: tagLength,
    });
    decipher.setAAD(Buffer.from(additionalData[format](owner)));
    try {
      decipher.setAuthTag(bytes.subarray(ivLength, ivLength + tagLength));
      const ciphertext = bytes.subarray(ivLength + tagLength);
      return new Secret(
        Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString("utf8"),
      );
    } catch {
      throw new VaultError(`the envelope does not open with key ${keyId} for this row`);
    }
  }

  #key(id: string): KeyObject {
    const key = this.#keys.get(id);
    if (!key) throw new VaultError(`the key ${id} is not in the key ring`);
    return key;
  }
}
