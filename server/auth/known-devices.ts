import type { Kysely } from "kysely";
import {
  findKnownDevice,
  hasDevice,
  storeKnownDevice,
  trustDevice,
} from "../../db/known-devices.ts";
import type { Database } from "../../db/schema.ts";
import type { TimeLimits } from "../time-limits.ts";
import { cookieHeader, hashToken, makeToken, type SetCookie, TokenCookie } from "./token-cookie.ts";

const cookieAge = 365 * 24 * 60 * 60;

/** A browser that has logged in before, with its user's current password. */
export interface KnownDevice {
  token: string;
  /** Its user lets it skip the second factor. */
  isTrusted: boolean;
}

/**
 * Browsers that have logged in before, identified by a cookie, so that strangers' guesses do not lock them
 * out. A browser is known until the password changes, or ten others have logged in since. A user may let a
 * known browser skip the second factor for a while.
 * @see https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
 */
export class KnownDevices {
  readonly #db: Kysely<Database>;
  readonly #limits: Pick<TimeLimits, "trustedDevice">;
  readonly #cookie: TokenCookie;

  constructor(
    db: Kysely<Database>,
    limits: Pick<TimeLimits, "trustedDevice">,
    config: { production: boolean },
  ) {
    this.#db = db;
    this.#limits = limits;
    this.#cookie = new TokenCookie("device", cookieAge, config);
  }

  /** Returns the browser with these cookies if it has logged in with this email before; else null. */
  async find(cookies: string | null, email: string): Promise<KnownDevice | null> {
    const token = this.#cookie.tokenIn(cookies);
    const found = token === null ? null : await findKnownDevice(this.#db, email, hashToken(token));
    return found && token !== null ? { token, ...found } : null;
  }

  /**
   * Whether the browser with these cookies has ever logged in as this user, even with an earlier password.
   */
  async has(cookies: string | null, userId: string): Promise<boolean> {
    const token = this.#cookie.tokenIn(cookies);
    return token !== null && hasDevice(this.#db, userId, hashToken(token));
  }

  /**
   * Stores the browser of a log-in of this user: a `known` one, or a new one. With `trust` it skips the
   * second factor for 30 days. Returns the cookie to set.
   */
  async remember(
    { id, email }: { id: string; email: string },
    known: KnownDevice | null,
    { trust }: { trust: boolean },
  ): Promise<SetCookie> {
    const token = known?.token ?? makeToken();
    await storeKnownDevice(this.#db, email, hashToken(token));
    if (trust) await trustDevice(this.#db, id, hashToken(token), this.#limits.trustedDevice);
    return this.#cookie.setCookie(token);
  }

  /** The Set-Cookie header that removes the browser's device cookie. */
  get clearCookieHeader(): string {
    return cookieHeader(this.#cookie.clearCookie);
  }
}
