import { type AppLoadContext, createCookie } from "@remix-run/node";

/**
 * A page's own cookie, stored for `maxAge` seconds. Scripts cannot read it, and forms of other sites do not
 * send it. If we are only reachable by https, its name restricts it to this exact host:
 * https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
 */
export function ownCookie(name: string, maxAge: number) {
  const options = { path: "/", httpOnly: true, sameSite: "lax", maxAge } as const;
  const open = createCookie(name, options);
  const secure = createCookie(`__Host-${name}`, { ...options, secure: true });
  const of = (context: AppLoadContext) => (context.secure ? secure : open);
  return {
    /** Returns the cookie's value, which anyone may have written. */
    read: (request: Request, context: AppLoadContext): Promise<unknown> =>
      of(context).parse(request.headers.get("cookie")),
    /** As a Set-Cookie header; null deletes the cookie. */
    write: (context: AppLoadContext, value: string | null): Promise<string> =>
      of(context).serialize(value ?? "", value === null ? { maxAge: 0 } : {}),
  };
}
