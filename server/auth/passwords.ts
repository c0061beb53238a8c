import { randomBytes, timingSafeEqual } from "node:crypto";
import pLimit, { type LimitFunction } from "p-limit";
import { FiscilityError } from "../contracts/errors.ts";
import { type DeriveKey, deriveKey, type HashCost } from "./scrypt.ts";

/** @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt */
export const passwordCost: HashCost = { N: 2 ** 15, r: 8, p: 3 };
/** better-auth's cost, of hashes that earlier versions stored. */
const betterAuths: HashCost = { N: 2 ** 14, r: 16, p: 1 };

const saltBytes = 16;
const keyBytes = 32;
/**
 * How many hashes may wait for each one that is running, and how many log-ins of one address. The last one
 * waits a few seconds.
 */
export const waitingLogIns = 8;

/** More users are logging in than passwords can be checked. */
export const logInBusy = () =>
  new FiscilityError("log_in_busy", { details: { retryAfterSeconds: 2 } });

/**
 * How many passwords a process may hash in parallel: half of its cores, so that the others keep serving
 * requests.
 */
export const hashesAtOnce = (cores: number): number => Math.max(1, cores >> 1);

/**
 * Hashes passwords with scrypt, few at a time. A hash is stored as `$scrypt$ln=<log2
 * N>,r=<r>,p=<p>$<salt>$<key>`, base64 without padding.
 * @see https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md
 */
export class Passwords {
  readonly #atOnce: number;
  readonly #limit: LimitFunction;
  readonly #cost: HashCost;
  readonly #deriveKey: DeriveKey;

  /** @param cost of new hashes; a log-in replaces a hash with another cost */
  constructor(
    atOnce: number,
    { cost = passwordCost, derive = deriveKey }: { cost?: HashCost; derive?: DeriveKey } = {},
  ) {
    this.#atOnce = atOnce;
    this.#cost = cost;
    this.#deriveKey = derive;
    this.#limit = pLimit(atOnce);
  }

  /** @throws FiscilityError `log_in_busy` when too many are waiting */
  hash(password: string): Promise<string> {
    return this.#whenFree(async () => {
      const salt = randomBytes(saltBytes);
      const { N, r, p } = this.#cost;
      const parameters = `ln=${Math.log2(N)},r=${r},p=${p}`;
      const key = await this.#work(password, salt, keyBytes, this.#cost);
      return `$scrypt$${parameters}$${base64(salt)}$${base64(key)}`;
    });
  }

  /**
   * Whether this is the password of a stored hash. @throws FiscilityError `log_in_busy` when too many are
   * waiting
   */
  async verify({ hash, password }: { hash: string; password: string }): Promise<boolean> {
    const { parameters, salt, key } = parse(hash);
    return this.#whenFree(async () => {
      const given = await this.#work(password, salt, key.length, parameters);
      if (timingSafeEqual(given, key)) return true;
      // As much work as for an unknown email; otherwise the time would reveal that there is an older hash.
      const { N, r } = this.#cost;
      const p = Math.ceil((workOf(this.#cost) - workOf(parameters)) / (N * r));
      if (p > 0) await this.#work(password, salt, keyBytes, { N, r, p });
      return false;
    });
  }

  /** Whether a hash was created with other parameters than the current ones. */
  isOutdated(hash: string): boolean {
    const { N, r, p } = parse(hash).parameters;
    return N !== this.#cost.N || r !== this.#cost.r || p !== this.#cost.p;
  }

  /**
   * Normalizes to NFKC, as NIST SP 800-63B recommends. scrypt takes 128 * N * r bytes; `maxmem` is twice
   * that.
   */
  #work(password: string, salt: string | Buffer, bytes: number, { N, r, p }: HashCost) {
    const options = { N, r, p, maxmem: 256 * N * r };
    return this.#deriveKey(password.normalize("NFKC"), salt, bytes, options);
  }

  async #whenFree<T>(hash: () => Promise<T>): Promise<T> {
    const { activeCount, pendingCount } = this.#limit;
    if (activeCount + pendingCount >= this.#atOnce * (1 + waitingLogIns)) {
      throw logInBusy();
    }
    return this.#limit(hash);
  }
}

const workOf = ({ N, r, p }: HashCost) => N * r * p;
const base64 = (bytes: Buffer) => bytes.toString("base64").replace(/=+$/, "");

function parse(hash: string): { parameters: HashCost; salt: string | Buffer; key: Buffer } {
  const [, ln, r, p, salt, key] =
    /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/.exec(hash) ?? [];
  if (ln && r && p && salt && key) {
    const parameters = { N: 2 ** Number(ln), r: Number(r), p: Number(p) };
    return { parameters, salt: Buffer.from(salt, "base64"), key: Buffer.from(key, "base64") };
  }
  // better-auth passes the salt to scrypt as text.
  const [, text, hex] = /^([0-9a-f]{32}):([0-9a-f]{128})$/.exec(hash) ?? [];
  if (!text || !hex) throw new Error("a stored password hash has an unknown format");
  return { parameters: betterAuths, salt: text, key: Buffer.from(hex, "hex") };
}
