import type { HeadersFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import { useEffect, useRef, useState } from "react";
import { requireViewer } from "../auth/require-viewer.ts";
import { buttonClass } from "../components/button.tsx";
import { RouteError } from "../components/route-error.tsx";
import { Spinner } from "../components/spinner.tsx";
import { useConnect } from "../connect/connect-context.ts";
import { pendingBank } from "../connect/connect-machine.ts";
import { PendingCard } from "../connect/pending-card.tsx";
import { pageTitle } from "../page-title.ts";
import { text } from "../text.ts";

export const meta: MetaFunction = () => pageTitle(text.oauth.title);

/** The page holds a link_token: no copy of it is kept anywhere. */
export const headers: HeadersFunction = () => ({ "Cache-Control": "no-store" });

/**
 * The link_token comes from the server, so that it does not matter in which tab the bank sends the
 * person back; null when there is nothing to go on with.
 */
export async function loader({ request, context }: LoaderFunctionArgs) {
  requireViewer(request, context);
  const returned = new URL(request.url).searchParams.has("oauth_state_id");
  return { open: returned ? await context.link.findOpen() : null };
}

/**
 * Where a bank that logs people in on its own site sends them back: opens Link again with the
 * address it returned to. https://plaid.com/docs/link/oauth/#reinitializing-link
 */
export default function OAuthReturn() {
  const loaded = useLoaderData<typeof loader>();
  // The one this page came with: a later one belongs to a Link that was opened since.
  const [link] = useState(loaded.open);
  const { step, arrival, open: openLink } = useConnect();
  const [resumed, setResumed] = useState(false);
  const tried = useRef(false);

  useEffect(() => {
    if (link === null || tried.current) return;
    tried.current = true;
    const { linkToken, itemId } = link;
    openLink({ itemId, returned: { linkToken, redirectUri: window.location.href } });
    setResumed(true);
  }, [link, openLink]);

  const pending = pendingBank(step);
  if (pending) return <PendingCard {...pending} />;
  const stopped = resumed && step.name === "idle" && !arrival;
  if (link === null || stopped) {
    return (
      <div className="mx-auto max-w-sm py-16 text-center" role="status">
        <h1 className="text-xl font-semibold">
          {stopped ? text.oauth.stoppedTitle : text.oauth.lostTitle}
        </h1>
        <p className="mt-2 text-ink-soft">{stopped ? text.oauth.stopped : text.oauth.lost}</p>
        <Link to="/dashboard" className={buttonClass("primary", "mt-6")}>
          {text.oauth.back}
        </Link>
      </div>
    );
  }
  return (
    <div className="mx-auto max-w-sm py-16 text-center" role="status">
      <Spinner className="mx-auto mb-5 size-6 text-accent" />
      <h1 className="text-xl font-semibold">{text.oauth.title}</h1>
      <p className="mt-2 text-ink-soft">{text.oauth.lead}</p>
    </div>
  );
}

export function ErrorBoundary() {
  return <RouteError />;
}
