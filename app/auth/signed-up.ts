import type { AppLoadContext } from "@remix-run/node";
import { ownCookie } from "../own-cookie.ts";

const cookie = ownCookie("fiscility.signed-up", 300);

/**
 * Passes the email of a new user from the sign-up to the log-in page, in a cookie for five minutes, so that
 * it is not in a URL.
 */
export const signedUp = {
  read: async (request: Request, context: AppLoadContext): Promise<string | null> => {
    const email = await cookie.read(request, context);
    return typeof email === "string" ? email : null;
  },
  /** As a Set-Cookie header; null deletes the cookie. */
  write: cookie.write,
};
