import { createHash, randomBytes } from "node:crypto";
import { parseCookies } from "better-auth/cookies";
import type { Kysely } from "kysely";
import {
  endPendingLogIn,
  findPendingLogIn,
  insertPendingLogIn,
} from "../../../db/pending-log-ins.ts";
import type { Database } from "../../../db/schema.ts";
import type { TimeLimits } from "../../time-limits.ts";
import { type OwnCookie, ownCookie } from "../own-cookie.ts";

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
  readonly #secure: boolean;
  readonly #cookieName: string;

  constructor(
    db: Kysely<Database>,
    limits: Pick<TimeLimits, "pendingLogIn">,
    { production }: { production: boolean },
  ) {
    this.#db = db;
    this.#limits = limits;
    this.#secure = production;
    this.#cookieName = `${production ? "__Host-" : ""}fiscility.log-in`;
  }

  /** Begins one for this user. Returns the cookie that the browser keeps. */
  async begin(userId: string): Promise<OwnCookie> {
    const token = newToken();
    await insertPendingLogIn(this.#db, {
      tokenHash: hashOf(token),
      userId,
      forMs: this.#limits.pendingLogIn,
    });
    return this.#cookie(token);
  }

  /** The browser's token, whether or not a password was right. */
  tokenIn(cookies: string | null): string | null {
    return parseCookies(cookies ?? "").get(this.#cookieName) || null;
  }

  /** The token of this browser, a new one where it has none, and the cookie that it keeps. */
  browser(cookies: string | null): { token: string; cookie: OwnCookie } {
    const token = this.tokenIn(cookies) ?? newToken();
    return { token, cookie: this.#cookie(token) };
  }

  /** The log-in that this browser is in the middle of, or null. */
  async find(cookies: string | null): Promise<PendingLogIn | null> {
    const token = this.tokenIn(cookies);
    if (token === null) return null;
    const found = await findPendingLogIn(this.#db, hashOf(token));
    return found && { token, ...found };
  }

  /** Ends it, once: of two requests at the same time one gets true. */
  end({ userId, token }: PendingLogIn): Promise<boolean> {
    return endPendingLogIn(this.#db, userId, hashOf(token));
  }

  /** The cookie with which the browser deletes it. */
  get forget(): OwnCookie {
    return this.#cookie("", 0);
  }

  #cookie(value: string, maxAge = Math.floor(this.#limits.pendingLogIn / 1000)): OwnCookie {
    return ownCookie(this.#cookieName, value, { maxAge, secure: this.#secure });
  }
}

const newToken = () => randomBytes(24).toString("base64url");

/** SHA-256 and nothing slower: the token is 192 random bits. */
const hashOf = (token: string) => createHash("sha256").update(token).digest();
