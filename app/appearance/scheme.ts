import { createCookie } from "@remix-run/node";
import { z } from "zod";

/** The colour scheme a person chose; without a choice it is the system's. */
const scheme = z.enum(["light", "dark"]);
export type Scheme = z.infer<typeof scheme>;

/** A year from the last choice on. It says nothing of who the person is. */
const cookie = createCookie("fiscility.scheme", {
  path: "/",
  maxAge: 365 * 24 * 60 * 60,
  sameSite: "lax",
  httpOnly: true,
});

/** The scheme this browser was told to use, or null: the system's. */
export async function readScheme(request: Request): Promise<Scheme | null> {
  return scheme.safeParse(await cookie.parse(request.headers.get("cookie"))).data ?? null;
}

/** The Set-Cookie that remembers what was chosen; anything but a scheme forgets it. */
export function keepScheme(request: Request, chosen: unknown): Promise<string> {
  const kept = scheme.safeParse(chosen).data;
  const secure = new URL(request.url).protocol === "https:";
  return cookie.serialize(kept ?? "", { secure, ...(kept ? {} : { maxAge: 0 }) });
}
