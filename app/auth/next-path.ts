const home = "/dashboard";

/**
 * Where to go after a log-in: the `next` of the address if it is a path of this site, else the
 * dashboard. Anything a browser could read as another host ("//host", "/\host") is refused.
 */
export function nextPath(url: string): string {
  const next = new URL(url).searchParams.get("next");
  if (!next?.startsWith("/")) return home;
  const here = "http://here.invalid";
  const target = URL.canParse(next, here) ? new URL(next, here) : null;
  // "/.//host" is of this site, and its path alone is not.
  if (target?.origin !== here || target.pathname.startsWith("//")) return home;
  return target.pathname + target.search;
}
