import { isRouteErrorResponse, Link, useLocation, useRouteError } from "@remix-run/react";
import { useEffect } from "react";
import { isNetworkFailure } from "../network-failure.ts";
import { text } from "../text.ts";
import { whenReachable } from "../when-reachable.ts";
import { buttonClass } from "./button.tsx";
import { Logo } from "./logo.tsx";

/** A whole page for an error: a plain sentence and links to go on. */
export function ErrorPage() {
  return (
    <div className="mx-auto flex min-h-dvh max-w-xl flex-col px-5 py-6">
      <header>
        <Link to="/" className="inline-block rounded-md">
          <Logo />
        </Link>
      </header>
      <main className="grid flex-1 place-items-center py-16">
        <ErrorMessage />
      </main>
    </div>
  );
}

/** The same within a page's layout. */
export function ErrorMessage() {
  const error = useRouteError();
  const { pathname, search } = useLocation();
  const status = isRouteErrorResponse(error) ? error.status : 500;
  const notFound = status === 404;
  const away = isNetworkFailure(error);
  useEffect(() => (away ? whenReachable(() => location.reload()) : undefined), [away]);
  const { notFound: nowhere, unavailable, limited, failed } = text.error;
  const known: Record<number, typeof nowhere | typeof unavailable | typeof limited> = {
    404: nowhere,
    429: limited,
    503: unavailable,
  };
  const { title, body } = known[status] ?? failed;
  return (
    <div className="max-w-sm text-center">
      {away ? null : <p className="text-sm font-medium text-ink-soft tabular-nums">{status}</p>}
      <h1 className="mt-2 text-2xl font-semibold">{title}</h1>
      <p className="mt-2 text-ink-soft">{away ? text.problem.network : body}</p>
      <div className="mt-6 flex flex-wrap justify-center gap-2">
        {notFound ? null : (
          // A full page load, because the error may be in the state of this page.
          <a href={pathname + search} className={buttonClass("primary")}>
            {text.error.retry}
          </a>
        )}
        <Link to="/dashboard" className={buttonClass(notFound ? "primary" : "secondary")}>
          {text.error.home}
        </Link>
      </div>
    </div>
  );
}
