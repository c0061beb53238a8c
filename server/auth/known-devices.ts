import { createHash, randomBytes } from "node:crypto";
import { parseCookies } from "better-auth/cookies";
import type { Kysely } from "kysely";
import {
  hasDevice,
  isKnownDevice,
  isTrustedDevice,
  keepKnownDevice,
  trustDevice,
} from "../../db/known-devices.ts";
import type { Database } from "../../db/schema.ts";
import type { TimeLimits } from "../time-limits.ts";
import { cookieHeader, type OwnCookie, ownCookie } from "./own-cookie.ts";

const cookieAge = 365 * 24 * 60 * 60;

/**
 * Browsers that have logged in before, by a cookie, so that strangers' guesses do not shut them out.
 * A browser is known until the password changes, or ten others have logged in since. A user may let a known
 * browser skip the second factor for a while.
 * @see https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
 */
export class KnownDevices {
  readonly #db: Kysely<Database>;
  readonly #limits: Pick<TimeLimits, "trustedDevice">;
  readonly #secure: boolean;
  readonly #cookieName: string;

  constructor(
    db: Kysely<Database>,
    limits: Pick<TimeLimits, "trustedDevice">,
    { production }: { production: boolean },
  ) {
    this.#db = db;
    this.#limits = limits;
    this.#secure = production;
    this.#cookieName = `${production ? "__Host-" : ""}fiscility.device`;
  }

  /** The browser's token when it has logged in with this email before, by its cookies; else null. */
  async find(cookies: string | null, email: string): Promise<string | null> {
    const token = parseCookies(cookies ?? "").get(this.#cookieName);
    if (!token) return null;
    return (await isKnownDevice(this.#db, email, hashOf(token))) ? token : null;
  }

  /** Whether the user with this email lets the browser with this token skip the second factor. */
  async isTrusted(email: string, token: string): Promise<boolean> {
    return isTrustedDevice(this.#db, email, hashOf(token));
  }

  /** Whether the browser has ever logged in as this user, by its cookies; also with an earlier password. */
  async has(cookies: string | null, userId: string): Promise<boolean> {
    const token = parseCookies(cookies ?? "").get(this.#cookieName);
    return token ? hasDevice(this.#db, userId, hashOf(token)) : false;
  }

  /**
   * Remembers the browser of a log-in of this user: the one with `token`, or a new one. With `trust` it skips
   * the second factor for 30 days. Returns the cookie that it keeps.
   */
  async remember(
    { id, email }: { id: string; email: string },
    token: string | null,
    { trust }: { trust: boolean },
  ): Promise<OwnCookie> {
    const kept = token ?? randomBytes(16).toString("base64url");
    await keepKnownDevice(this.#db, email, hashOf(kept));
    if (trust) await trustDevice(this.#db, id, hashOf(kept), this.#limits.trustedDevice);
    return this.#cookie(kept, cookieAge);
  }

  /** The Set-Cookie header with which a browser forgets that anybody has logged in to it. */
  get forget(): string {
    return cookieHeader(this.#cookie("", 0));
  }

  #cookie(value: string, maxAge: number): OwnCookie {
    return ownCookie(this.#cookieName, value, { maxAge, secure: this.#secure });
  }
}

/** SHA-256 and nothing slower: the token is 128 random bits. */
const hashOf = (token: string) => createHash("sha256").update(token).digest();
