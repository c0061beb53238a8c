import { createHash, randomBytes } from "node:crypto";
import { parseCookies } from "better-auth/cookies";
import type { Kysely } from "kysely";
import { hasDevice, isKnownDevice, keepKnownDevice } from "../../db/known-devices.ts";
import type { Database } from "../../db/schema.ts";

const cookieAge = 365 * 24 * 60 * 60;

/**
 * Browsers that have logged in before, by a cookie, so that strangers' guesses do not shut them out.
 * A browser is known until the password changes, or ten others have logged in since.
 * @see https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
 */
export class KnownDevices {
  readonly #db: Kysely<Database>;
  readonly #secure: boolean;
  readonly #cookieName: string;

  constructor(db: Kysely<Database>, { production }: { production: boolean }) {
    this.#db = db;
    this.#secure = production;
    this.#cookieName = `${production ? "__Host-" : ""}fiscility.device`;
  }

  /** The browser's token when it has logged in with this email before, by its cookies; else null. */
  async find(cookies: string | null, email: string): Promise<string | null> {
    const token = parseCookies(cookies ?? "").get(this.#cookieName);
    if (!token) return null;
    return (await isKnownDevice(this.#db, email, hashOf(token))) ? token : null;
  }

  /** Whether the browser has ever logged in as this user, by its cookies; also with an earlier password. */
  async has(cookies: string | null, userId: string): Promise<boolean> {
    const token = parseCookies(cookies ?? "").get(this.#cookieName);
    return token ? hasDevice(this.#db, userId, hashOf(token)) : false;
  }

  /**
   * Remembers the browser of a log-in with this email: the one with `token`, or a new one. Returns the
   * Set-Cookie header that it keeps.
   */
  async remember(email: string, token: string | null): Promise<string> {
    const kept = token ?? randomBytes(16).toString("base64url");
    await keepKnownDevice(this.#db, email, hashOf(kept));
    return this.#cookie(kept, cookieAge);
  }

  /** The Set-Cookie header with which a browser forgets that anybody has logged in to it. */
  get forget(): string {
    return this.#cookie("", 0);
  }

  #cookie(value: string, maxAge: number): string {
    const secure = this.#secure ? "; Secure" : "";
    return `${this.#cookieName}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure}`;
  }
}

/** SHA-256 and nothing slower: the token is 128 random bits. */
const hashOf = (token: string) => createHash("sha256").update(token).digest();
