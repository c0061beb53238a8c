import { createHash, randomBytes } from "node:crypto";
import { parseCookies } from "better-auth/cookies";

/** A cookie for better-auth's `ctx.setCookie`. */
export interface SetCookie {
  name: string;
  value: string;
  attributes: { path: "/"; maxAge: number; httpOnly: true; sameSite: "lax"; secure: boolean };
}

/**
 * A cookie with a random token whose hash is in the database. Scripts cannot read it, and forms of other
 * sites do not send it. In production its `__Host-` name restricts it to this host.
 */
export class TokenCookie {
  readonly #name: string;
  readonly #maxAge: number;
  readonly #secure: boolean;

  /** @param maxAge in seconds */
  constructor(name: string, maxAge: number, { production }: { production: boolean }) {
    this.#name = `${production ? "__Host-" : ""}fiscility.${name}`;
    this.#maxAge = maxAge;
    this.#secure = production;
  }

  /** Returns the token in these cookies, which is not verified; null when they have none. */
  tokenIn(cookies: string | null): string | null {
    return parseCookies(cookies ?? "").get(this.#name) || null;
  }

  /** The cookie that stores this token. */
  setCookie(token: string): SetCookie {
    return this.#set(token, this.#maxAge);
  }

  /** The cookie that deletes it in the browser. */
  get clearCookie(): SetCookie {
    return this.#set("", 0);
  }

  #set(value: string, maxAge: number): SetCookie {
    const attributes = { path: "/", maxAge, httpOnly: true, sameSite: "lax" } as const;
    return { name: this.#name, value, attributes: { ...attributes, secure: this.#secure } };
  }
}

/** 192 random bits. */
export const makeToken = () => randomBytes(24).toString("base64url");

/** SHA-256 and nothing slower, because a token cannot be guessed. */
export const hashToken = (token: string) => createHash("sha256").update(token).digest();

/** Formats a cookie as a Set-Cookie header. */
export const cookieHeader = ({ name, value, attributes }: SetCookie): string =>
  `${name}=${value}; Path=/; Max-Age=${attributes.maxAge}; HttpOnly; SameSite=Lax${attributes.secure ? "; Secure" : ""}`;
