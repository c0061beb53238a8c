import { type AppLoadContext, createCookie } from "@remix-run/node";

/**
 * A cookie of a page's own, kept for `maxAge` seconds: no script reads it, and no other site's form brings
 * it along. Where we are reached by https alone, its name has browsers keep it to this very host:
 * https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
 */
export function ownCookie(name: string, maxAge: number) {
  const options = { path: "/", httpOnly: true, sameSite: "lax", maxAge } as const;
  const open = createCookie(name, options);
  const secure = createCookie(`__Host-${name}`, { ...options, secure: true });
  const of = (context: AppLoadContext) => (context.secure ? secure : open);
  return {
    /** What it holds, which anybody may have written. */
    read: (request: Request, context: AppLoadContext): Promise<unknown> =>
      of(context).parse(request.headers.get("cookie")),
    /** As a Set-Cookie header; null forgets it. */
    write: (context: AppLoadContext, value: string | null): Promise<string> =>
      of(context).serialize(value ?? "", value === null ? { maxAge: 0 } : {}),
  };
}
