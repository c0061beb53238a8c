import type { Kysely } from "kysely";
import {
  endPendingLogIn,
  findPendingLogIn,
  insertPendingLogIn,
} from "../../../db/pending-log-ins.ts";
import type { Database } from "../../../db/schema.ts";
import type { TimeLimits } from "../../time-limits.ts";
import { hashToken, makeToken, type SetCookie, TokenCookie } from "../token-cookie.ts";

/** A log-in whose password was correct. `token` is only in the browser's cookie. */
export interface PendingLogIn {
  token: string;
  userId: string;
  email: string;
}

/**
 * Log-ins between the password and the second factor, identified by a cookie of the browser. The same cookie
 * binds a passkey's challenge to the browser before the user is known.
 */
export class PendingLogIns {
  readonly #db: Kysely<Database>;
  readonly #limits: Pick<TimeLimits, "pendingLogIn">;
  readonly #cookie: TokenCookie;

  constructor(
    db: Kysely<Database>,
    limits: Pick<TimeLimits, "pendingLogIn">,
    config: { production: boolean },
  ) {
    this.#db = db;
    this.#limits = limits;
    this.#cookie = new TokenCookie("log-in", Math.floor(limits.pendingLogIn / 1000), config);
  }

  /** Starts one for this user. Returns the cookie to set. */
  async begin(userId: string): Promise<SetCookie> {
    const token = makeToken();
    await insertPendingLogIn(this.#db, {
      tokenHash: hashToken(token),
      userId,
      forMs: this.#limits.pendingLogIn,
    });
    return this.#cookie.setCookie(token);
  }

  /** Returns the browser's token, even if no log-in is pending. */
  tokenIn(cookies: string | null): string | null {
    return this.#cookie.tokenIn(cookies);
  }

  /** Returns the browser's token, or a new one, and the cookie to set. */
  browser(cookies: string | null): { token: string; cookie: SetCookie } {
    const token = this.tokenIn(cookies) ?? makeToken();
    return { token, cookie: this.#cookie.setCookie(token) };
  }

  /** Returns this browser's pending log-in, or null. */
  async find(cookies: string | null): Promise<PendingLogIn | null> {
    const token = this.tokenIn(cookies);
    if (token === null) return null;
    const found = await findPendingLogIn(this.#db, hashToken(token));
    return found && { token, ...found };
  }

  /** Ends it. Of two concurrent requests one gets true. */
  end({ userId, token }: PendingLogIn): Promise<boolean> {
    return endPendingLogIn(this.#db, userId, hashToken(token));
  }

  /** The cookie that deletes it in the browser. */
  get clearCookie(): SetCookie {
    return this.#cookie.clearCookie;
  }
}
