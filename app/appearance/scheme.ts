import type { AppLoadContext } from "@remix-run/node";
import { z } from "zod";
import { ownCookie } from "../own-cookie.ts";

/** The color scheme that the user chose. Without a choice, the system's is used. */
const scheme = z.enum(["light", "dark"]);
export type Scheme = z.infer<typeof scheme>;

/** Lasts a year from the last choice. It does not identify the user. */
const cookie = ownCookie("fiscility.scheme", 365 * 24 * 60 * 60);

/** Returns the scheme that was chosen in this browser; null for the system's. */
export async function readScheme(
  request: Request,
  context: AppLoadContext,
): Promise<Scheme | null> {
  return scheme.safeParse(await cookie.read(request, context)).data ?? null;
}

/** Returns the Set-Cookie that stores the choice; anything but a scheme deletes it. */
export function storeScheme(context: AppLoadContext, chosen: unknown): Promise<string> {
  return cookie.write(context, scheme.safeParse(chosen).data ?? null);
}
