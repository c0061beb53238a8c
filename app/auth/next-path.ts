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
  if (target?.origin !== here) return home;
  return target.pathname + target.search;
}
