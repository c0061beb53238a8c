import type { Kysely } from "kysely";
import {
  endPendingLogIn,
  findPendingLogIn,
  insertPendingLogIn,
} from "../../../db/pending-log-ins.ts";
import type { Database } from "../../../db/schema.ts";
import type { TimeLimits } from "../../time-limits.ts";
import { hashToken, makeToken, type SetCookie, TokenCookie } from "../token-cookie.ts";

/** A log-in whose password was right; `token` is in the browser's cookie alone. */
export interface PendingLogIn {
  token: string;
  userId: string;
  email: string;
}

/**
 * Log-ins between the password and the second factor, by a cookie of the browser. The same cookie binds a
 * passkey's challenge to the browser before anybody is known.
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

  /** Begins one for this user. Returns the cookie that the browser keeps. */
  async begin(userId: string): Promise<SetCookie> {
    const token = makeToken();
    await insertPendingLogIn(this.#db, {
      tokenHash: hashToken(token),
      userId,
      forMs: this.#limits.pendingLogIn,
    });
    return this.#cookie.keep(token);
  }

  /** The browser's token, whether or not a password was right. */
  tokenIn(cookies: string | null): string | null {
    return this.#cookie.tokenIn(cookies);
  }

  /** The token of this browser, a new one where it has none, and the cookie that it keeps. */
  browser(cookies: string | null): { token: string; cookie: SetCookie } {
    const token = this.tokenIn(cookies) ?? makeToken();
    return { token, cookie: this.#cookie.keep(token) };
  }

  /** The log-in that this browser is in the middle of, or null. */
  async find(cookies: string | null): Promise<PendingLogIn | null> {
    const token = this.tokenIn(cookies);
    if (token === null) return null;
    const found = await findPendingLogIn(this.#db, hashToken(token));
    return found && { token, ...found };
  }

  /** Ends it, once: of two requests at the same time one gets true. */
  end({ userId, token }: PendingLogIn): Promise<boolean> {
    return endPendingLogIn(this.#db, userId, hashToken(token));
  }

  /** The cookie with which the browser deletes it. */
  get forget(): SetCookie {
    return this.#cookie.forget;
  }
}
