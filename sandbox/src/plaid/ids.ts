/** Identifiers and tokens in Plaid's formats. */
import { createHash, randomBytes } from "node:crypto";

const ALPHABET = "123456789ABDEGJKLMNPQRVWXZabdegjklmnopqrvwxyz";

const DRAWN_AT_ONCE = 16_384;

/** Kinds of token: the first word of `<kind>-sandbox-<uuid>`. */
export type TokenKind = "link" | "public" | "access" | "user" | "processor" | "assets";

/**
 * Mints identifiers. Unguessable unless a seed is given: then the n-th identifier of a run is
 * always the same. `count` continues from a loaded state, so nothing repeats.
 */
export class IdSource {
  readonly #seed: number | null;
  #count: number;
  /** Random bytes drawn ahead, because a system call for each id took an eighth of an exchange. */
  #drawn = Buffer.alloc(0);

  constructor(seed: number | null, count = 0) {
    this.#seed = seed;
    this.#count = count;
  }

  /** How many have been minted; kept with the state. */
  get count(): number {
    return this.#count;
  }

  #bytes(): Buffer {
    this.#count += 1;
    if (this.#seed === null) return this.#random(32);
    return createHash("sha256").update(`id:${this.#seed}:${this.#count}`).digest();
  }

  /** Random bytes that no other call gets. */
  #random(count: number): Buffer {
    if (this.#drawn.length < count) this.#drawn = randomBytes(DRAWN_AT_ONCE);
    const bytes = this.#drawn.subarray(0, count);
    this.#drawn = this.#drawn.subarray(count);
    return bytes;
  }

  /** A version 4 UUID. */
  uuid(): string {
    const bytes = this.#bytes();
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    const hex = bytes.toString("hex");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
  }

  /** `<kind>-sandbox-<uuid>`. */
  token(kind: TokenKind): string {
    return `${kind}-sandbox-${this.uuid()}`;
  }

  /** 37 characters, as `item_id` and `account_id` have. */
  id(): string {
    return encode(Buffer.concat([this.#bytes(), this.#bytes()]), 37);
  }

  /** 15 characters, as `request_id` has. */
  requestId(): string {
    return encode(this.#random(15), 15);
  }
}

/** A 37-character identifier that is a pure function of `parts`. */
export function derivedId(...parts: (string | number)[]): string {
  return encode(createHash("sha512").update(parts.join("\u0000")).digest(), 37);
}

/** The SHA-256 of a token in hex: lets a test recognize a token without showing it. */
export function tokenHash(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

function encode(bytes: Buffer, length: number): string {
  let text = "";
  for (let index = 0; index < length; index += 1) {
    text += ALPHABET[(bytes[index] ?? 0) % ALPHABET.length];
  }
  return text;
}
