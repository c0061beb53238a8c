import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * Returns the value of a better-auth cookie if its signature is valid: `<value>.<HMAC-SHA-256, base64>`, as
 * better-call's `getSignedCookie` reads it. Null for anything else.
 */
export function readSigned(cookie: string, secret: string): string | null {
  const dot = cookie.lastIndexOf(".");
  if (dot < 1) return null;
  const value = cookie.slice(0, dot);
  const given = Buffer.from(cookie.slice(dot + 1), "base64");
  const expected = createHmac("sha256", secret).update(value).digest();
  return given.length === expected.length && timingSafeEqual(given, expected) ? value : null;
}
