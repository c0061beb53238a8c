import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Link } from "@remix-run/react";
import { useEffect, useState } from "react";
import { requireViewer } from "../auth/require-viewer.ts";
import { buttonClass } from "../components/button.tsx";
import { RouteError } from "../components/route-error.tsx";
import { Spinner } from "../components/spinner.tsx";
import { useConnect } from "../connect/connect-context.ts";
import { PendingCard } from "../connect/pending-card.tsx";
import { pageTitle } from "../page-title.ts";
import { text } from "../text.ts";

export const meta: MetaFunction = () => pageTitle(text.oauth.title);

export function loader({ request, context }: LoaderFunctionArgs) {
  requireViewer(request, context);
  return null;
}

/**
 * Where a bank that logs people in on its own site sends them back: opens Link again with the
 * address it returned to. https://plaid.com/docs/link/oauth/#reinitializing-link
 */
export default function OAuthReturn() {
  const { step, arrival, resume } = useConnect();
  const [found, setFound] = useState<"looking" | "yes" | "no">("looking");

  useEffect(() => {
    const { href, searchParams } = new URL(window.location.href);
    setFound(searchParams.has("oauth_state_id") && resume(href) ? "yes" : "no");
  }, [resume]);

  if (step.name === "connecting") {
    return <PendingCard bank={step.bank} accountCount={step.accountCount} />;
  }
  const stopped = found === "yes" && step.name === "idle" && !arrival;
  const waiting = found !== "no" && !stopped;
  return (
    <div className="mx-auto max-w-sm py-16 text-center" role="status">
      {waiting ? <Spinner className="mx-auto mb-5 size-6 text-accent" /> : null}
      <h1 className="text-xl font-semibold">
        {found === "no" ? text.oauth.lostTitle : text.oauth.title}
      </h1>
      <p className="mt-2 text-ink-soft">
        {waiting ? text.oauth.lead : stopped ? text.oauth.stopped : text.oauth.lost}
      </p>
      {waiting ? null : (
        <Link to="/dashboard" className={buttonClass("primary", "mt-6")}>
          {text.oauth.back}
        </Link>
      )}
    </div>
  );
}

export function ErrorBoundary() {
  return <RouteError />;
}
