import type { AppLoadContext } from "@remix-run/node";
import { z } from "zod";
import { ownCookie } from "../own-cookie.ts";

/** The colour scheme a person chose; without a choice it is the system's. */
const scheme = z.enum(["light", "dark"]);
export type Scheme = z.infer<typeof scheme>;

/** A year from the last choice on. It says nothing of who the person is. */
const cookie = ownCookie("fiscility.scheme", 365 * 24 * 60 * 60);

/** The scheme this browser was told to use, or null: the system's. */
export async function readScheme(
  request: Request,
  context: AppLoadContext,
): Promise<Scheme | null> {
  return scheme.safeParse(await cookie.read(request, context)).data ?? null;
}

/** The Set-Cookie that remembers what was chosen; anything but a scheme forgets it. */
export function keepScheme(context: AppLoadContext, chosen: unknown): Promise<string> {
  return cookie.write(context, scheme.safeParse(chosen).data ?? null);
}
