import { createCookie } from "@remix-run/node";

const cookie = createCookie("fiscility.signed-up", { httpOnly: true, sameSite: "lax", path: "/" });

/** The email somebody has just signed up with, on its way to the log-in page: in no address, for five minutes. */
export const signedUp = {
  read: async (request: Request): Promise<string | null> => {
    const email: unknown = await cookie.parse(request.headers.get("cookie"));
    return typeof email === "string" ? email : null;
  },
  /** As a Set-Cookie header; null forgets it. */
  write: (request: Request, email: string | null): Promise<string> =>
    cookie.serialize(email ?? "", {
      maxAge: email === null ? 0 : 300,
      secure: new URL(request.url).protocol === "https:",
    }),
};
