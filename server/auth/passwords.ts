import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import pLimit, { type LimitFunction } from "p-limit";
import { FiscilityError } from "../contracts/errors.ts";

/** What scrypt is given: `N` is the number of blocks, `r` their size, `p` how many rounds. */
interface Parameters {
  N: number;
  r: number;
  p: number;
}

/** @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt */
const current: Parameters = { N: 2 ** 15, r: 8, p: 3 };
/** better-auth's own, for hashes that earlier versions stored. */
const betterAuths: Parameters = { N: 2 ** 14, r: 16, p: 1 };

const saltBytes = 16;
const keyBytes = 32;
/** Hashes that may wait, for each that is computed at once: the last one waits a few seconds. */
const waitingEach = 8;
const retryAfterSeconds = 2;

type DeriveKey = (
  password: string,
  salt: string | Buffer,
  keyBytes: number,
  options: Parameters & { maxmem: number },
) => Promise<Buffer>;
const scryptAsync: DeriveKey = promisify(scrypt);

/**
 * How many passwords a process may hash at once: half of its cores, so that the others keep serving
 * requests, and at most half of libuv's threads, which DNS and files need as well.
 */
export const hashesAtOnce = (cores: number, threads: number): number =>
  Math.max(1, Math.min(cores >> 1, threads >> 1));

/**
 * Hashes passwords with scrypt, few at a time. A hash is stored as
 * `$scrypt$ln=<log2 N>,r=<r>,p=<p>$<salt>$<key>`, base64 without padding.
 * @see https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md
 */
export class Passwords {
  readonly #atOnce: number;
  readonly #limit: LimitFunction;
  readonly #deriveKey: DeriveKey;

  constructor(atOnce: number, deriveKey = scryptAsync) {
    this.#atOnce = atOnce;
    this.#deriveKey = deriveKey;
    this.#limit = pLimit(atOnce);
  }

  /** @throws `log_in_busy` when too many wait already. */
  hash(password: string): Promise<string> {
    return this.#inTurn(async () => {
      const salt = randomBytes(saltBytes);
      const { N, r, p } = current;
      const parameters = `ln=${Math.log2(N)},r=${r},p=${p}`;
      const key = await this.#work(password, salt, keyBytes, current);
      return `$scrypt$${parameters}$${base64(salt)}$${base64(key)}`;
    });
  }

  /**
   * Whether this is the password of a stored hash. @throws `log_in_busy` when too many wait already.
   */
  async verify({ hash, password }: { hash: string; password: string }): Promise<boolean> {
    const { parameters, salt, key } = parse(hash);
    return this.#inTurn(async () => {
      const given = await this.#work(password, salt, key.length, parameters);
      if (timingSafeEqual(given, key)) return true;
      // As much work as for an unknown email: otherwise the time tells that there is an older hash.
      const { N, r } = current;
      const p = Math.ceil((cost(current) - cost(parameters)) / (N * r));
      if (p > 0) await this.#work(password, salt, keyBytes, { N, r, p });
      return false;
    });
  }

  /** Whether a hash was made with other parameters than those of today. */
  isOutdated(hash: string): boolean {
    const { N, r, p } = parse(hash).parameters;
    return N !== current.N || r !== current.r || p !== current.p;
  }

  /** NFKC, as NIST SP 800-63B advises. scrypt takes 128 * N * r bytes; `maxmem` is twice that. */
  #work(password: string, salt: string | Buffer, bytes: number, { N, r, p }: Parameters) {
    const options = { N, r, p, maxmem: 256 * N * r };
    return this.#deriveKey(password.normalize("NFKC"), salt, bytes, options);
  }

  async #inTurn<T>(hash: () => Promise<T>): Promise<T> {
    const { activeCount, pendingCount } = this.#limit;
    if (activeCount + pendingCount >= this.#atOnce * (1 + waitingEach)) {
      throw new FiscilityError("log_in_busy", { details: { retryAfterSeconds } });
    }
    return this.#limit(hash);
  }
}

const cost = ({ N, r, p }: Parameters) => N * r * p;
const base64 = (bytes: Buffer) => bytes.toString("base64").replace(/=+$/, "");

function parse(hash: string): { parameters: Parameters; salt: string | Buffer; key: Buffer } {
  const [, ln, r, p, salt, key] =
    /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/.exec(hash) ?? [];
  if (ln && r && p && salt && key) {
    const parameters = { N: 2 ** Number(ln), r: Number(r), p: Number(p) };
    return { parameters, salt: Buffer.from(salt, "base64"), key: Buffer.from(key, "base64") };
  }
  // better-auth hands the salt to scrypt as it is written.
  const [, text, hex] = /^([0-9a-f]{32}):([0-9a-f]{128})$/.exec(hash) ?? [];
  if (!text || !hex) throw new Error("a stored password hash has an unknown format");
  return { parameters: betterAuths, salt: text, key: Buffer.from(hex, "hex") };
}
