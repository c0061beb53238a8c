import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from "node:crypto";
import type { SealedFor } from "../../db/sealed.ts";
import { Secret } from "./secret.ts";

const algorithm = "aes-256-gcm";
/** Bytes, as NIST SP 800-38D recommends for GCM. */
const ivLength = 12;
const tagLength = 16;

/** A ciphertext cannot be decrypted: its key is missing, it belongs to another row, or it was altered. */
export class VaultError extends Error {
  override readonly name = "VaultError";
}

/**
 * The first part of a ciphertext, which determines its additional data. `v1` bound only the row, and servers
 * from before `v2` read nothing else: `TOKEN_ENVELOPES=v1` encrypts for them while they run
 * (docs/operations.md).
 */
export const envelopeFormats = ["v1", "v2"] as const;
export type EnvelopeFormat = (typeof envelopeFormats)[number];

const additionalData: Record<EnvelopeFormat, (owner: SealedFor) => string> = {
  v1: ({ kind, id }) => (kind === "public_token" ? `public_token:${id}` : id),
  v2: ({ kind, userId, id }) => `${kind}:${userId}:${id}`,
};

/**
 * Encrypts tokens with AES-256-GCM. The format is `<format>.<key id>.<base64url of iv, tag, ciphertext>`,
 * with the owner as additional data, so a ciphertext that is moved to another user or row cannot be
 * decrypted.
 */
export class Vault {
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly #format: EnvelopeFormat;
  /** The id of the key that encrypts. */
  readonly sealingKeyId: string;

  /** The first key of the ring encrypts, in `format`. Every key decrypts, in every format. */
  constructor(keys: ReadonlyMap<string, KeyObject>, format: EnvelopeFormat = "v2") {
    const [first] = keys.keys();
    if (first === undefined) throw new VaultError("the key ring is empty");
    this.#keys = keys;
    this.#format = format;
    this.sealingKeyId = first;
  }

  /** The prefix of new ciphertexts. */
  get prefix(): string {
    return `${this.#format}.${this.sealingKeyId}`;
  }

  /** Whether the ring has this key, which decrypts its ciphertexts. */
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

  /** @throws VaultError whose message contains at most the key id */
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
      throw new VaultError(`the envelope cannot be decrypted with key ${keyId} for this row`);
    }
  }

  #key(id: string): KeyObject {
    const key = this.#keys.get(id);
    if (!key) throw new VaultError(`the key ${id} is not in the key ring`);
    return key;
  }
}
