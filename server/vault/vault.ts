import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from "node:crypto";
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
 * Seals tokens with AES-256-GCM. The envelope is `v1.<key id>.<base64url of iv, tag, ciphertext>`;
 * `boundTo` (the id of the attempt and later Item) is additional data, so a token moved to another
 * row does not open.
 */
export class Vault {
  readonly #keys: ReadonlyMap<string, KeyObject>;
  /** The key that seals. */
  readonly sealingKeyId: string;

  /** The first key of the ring seals; every key of it opens. */
  constructor(keys: ReadonlyMap<string, KeyObject>) {
    const [first] = keys.keys();
    if (first === undefined) throw new VaultError("the key ring is empty");
    this.#keys = keys;
    this.sealingKeyId = first;
  }

  /** Whether what is sealed with this key opens. */
  has(keyId: string): boolean {
    return this.#keys.has(keyId);
  }

  seal(secret: Secret, boundTo: string): string {
    const iv = randomBytes(ivLength);
    const cipher = createCipheriv(algorithm, this.#key(this.sealingKeyId), iv);
    cipher.setAAD(Buffer.from(boundTo));
    const ciphertext = Buffer.concat([cipher.update(secret.reveal(), "utf8"), cipher.final()]);
    const body = Buffer.concat([iv, cipher.getAuthTag(), ciphertext]).toString("base64url");
    return `v1.${this.sealingKeyId}.${body}`;
  }

  /** Throws `VaultError`; its message names the key id at most. */
  open(envelope: string, boundTo: string): Secret {
    const [version, keyId, body, ...rest] = envelope.split(".");
    if (version !== "v1" || !keyId || !body || rest.length > 0) {
      throw new VaultError("not an envelope of this vault");
    }
    const bytes = Buffer.from(body, "base64url");
    const decipher = createDecipheriv(algorithm, this.#key(keyId), bytes.subarray(0, ivLength), {
      authTagLength: tagLength,
    });
    decipher.setAAD(Buffer.from(boundTo));
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
