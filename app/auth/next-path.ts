const home = "/dashboard";

/**
 * Returns where to go after a log-in: the `next` parameter of the URL if it is a path of this site, else the
 * dashboard. Rejects anything that a browser could read as another host ("//host", "/\host").
 */
export function nextPath(url: string): string {
  const next = new URL(url).searchParams.get("next");
  if (!next?.startsWith("/")) return home;
  const here = "http://here.invalid";
  const target = URL.canParse(next, here) ? new URL(next, here) : null;
  // "/.//host" is on this site, but its path alone is not.
  if (target?.origin !== here || target.pathname.startsWith("//")) return home;
  return target.pathname + target.search;
}
