/** A cookie as better-auth's `ctx.setCookie` takes it: no script reads it, and no other site's form brings it along. */
export interface OwnCookie {
  name: string;
  value: string;
  attributes: { path: "/"; maxAge: number; httpOnly: true; sameSite: "lax"; secure: boolean };
}

/** A cookie for every path of ours, for `maxAge` seconds; 0 has the browser delete it. */
export const ownCookie = (
  name: string,
  value: string,
  { maxAge, secure }: { maxAge: number; secure: boolean },
): OwnCookie => ({
  name,
  value,
  attributes: { path: "/", maxAge, httpOnly: true, sameSite: "lax", secure },
});

/** As a Set-Cookie header. */
export const cookieHeader = ({ name, value, attributes }: OwnCookie): string =>
  `${name}=${value}; Path=/; Max-Age=${attributes.maxAge}; HttpOnly; SameSite=Lax${attributes.secure ? "; Secure" : ""}`;
