import type { AppLoadContext } from "@remix-run/node";
import { ownCookie } from "../own-cookie.ts";

const cookie = ownCookie("fiscility.signed-up", 300);

/** The email somebody has just signed up with, on its way to the log-in page: in no address, for five minutes. */
export const signedUp = {
  read: async (request: Request, context: AppLoadContext): Promise<string | null> => {
    const email = await cookie.read(request, context);
    return typeof email === "string" ? email : null;
  },
  /** As a Set-Cookie header; null forgets it. */
  write: cookie.write,
};
