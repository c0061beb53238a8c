import { createHash, randomBytes } from "node:crypto";
import { parseCookies } from "better-auth/cookies";

/** A cookie as better-auth's `ctx.setCookie` takes it. */
export interface SetCookie {
  name: string;
  value: string;
  attributes: { path: "/"; maxAge: number; httpOnly: true; sameSite: "lax"; secure: boolean };
}

/**
 * A cookie that holds a random token, of which the database has the hash: no script reads it, and no other
 * site's form brings it along. In production its name has browsers keep it to this very host.
 */
export class TokenCookie {
  readonly #name: string;
  readonly #maxAge: number;
  readonly #secure: boolean;

  /** `maxAge` in seconds. */
  constructor(name: string, maxAge: number, { production }: { production: boolean }) {
    this.#name = `${production ? "__Host-" : ""}fiscility.${name}`;
    this.#maxAge = maxAge;
    this.#secure = production;
  }

  /** The token that these cookies have, which anybody may have written; null where they have none. */
  tokenIn(cookies: string | null): string | null {
    return parseCookies(cookies ?? "").get(this.#name) || null;
  }

  /** The cookie that keeps this token. */
  keep(token: string): SetCookie {
    return this.#set(token, this.#maxAge);
  }

  /** The cookie with which a browser deletes it. */
  get forget(): SetCookie {
    return this.#set("", 0);
  }

  #set(value: string, maxAge: number): SetCookie {
    const attributes = { path: "/", maxAge, httpOnly: true, sameSite: "lax" } as const;
    return { name: this.#name, value, attributes: { ...attributes, secure: this.#secure } };
  }
}

/** 192 random bits. */
export const makeToken = () => randomBytes(24).toString("base64url");

/** SHA-256 and nothing slower: a token is beyond guessing. */
export const hashToken = (token: string) => createHash("sha256").update(token).digest();

/** As a Set-Cookie header. */
export const cookieHeader = ({ name, value, attributes }: SetCookie): string =>
  `${name}=${value}; Path=/; Max-Age=${attributes.maxAge}; HttpOnly; SameSite=Lax${attributes.secure ? "; Secure" : ""}`;
