import {
  type ActionFunctionArgs,
  data,
  type LoaderFunctionArgs,
  type MetaFunction,
} from "@remix-run/node";
import { Link, useFetcher, useLoaderData } from "@remix-run/react";
import { type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import { type Reason, reasons } from "../../server/contracts/errors.ts";
import type { LinkReturn } from "../../server/contracts/link-return.ts";
import { requireViewer } from "../auth/require-viewer.ts";
import { Button, buttonClass } from "../components/button.tsx";
import { RouteError } from "../components/route-error.tsx";
import { Spinner } from "../components/spinner.tsx";
import { useConnect } from "../connect/connect-context.ts";
import { pendingBank } from "../connect/connect-state.ts";
import { words as oauth } from "../connect/oauth-words.ts";
import { readOwnLink } from "../connect/own-link.ts";
import { PendingCard } from "../connect/pending-card.tsx";
import { pageTitle } from "../page-title.ts";
import { readForm } from "../read-form.ts";

export const meta: MetaFunction = () => pageTitle(oauth.title);

/**
 * Whether the user was redirected here by a bank. The tab then posts the action, because it knows its own
 * Link.
 */
export function loader({ request, context }: LoaderFunctionArgs) {
  requireViewer(request, context);
  return { returned: new URL(request.url).searchParams.has("oauth_state_id") };
}

/** The response may contain a link_token: it is never stored. */
export async function action({ request, context }: ActionFunctionArgs) {
  requireViewer(request, context);
  const form = await readForm(request);
  const returned = await context.link.returnTo({
    oauthStateId: form.get("oauth_state_id") ?? "",
    linkId: form.get("link_id"),
    again: form.get("again") === "yes",
  });
  return data(returned, { headers: { "Cache-Control": "no-store" } });
}

/**
 * The page that a bank redirects to after a log-in on its own site: opens Link again with the URL that the
 * bank redirected to. https://plaid.com/docs/link/oauth/#reinitializing-link
 */
export default function OAuthReturn() {
  const { returned } = useLoaderData<typeof loader>();
  const { submit, data: result } = useFetcher<LinkReturn>();
  const { step, arrival, open: openLink } = useConnect();
  const [resumed, setResumed] = useState<LinkReturn | null>(null);
  const asked = useRef(false);

  const ask = useCallback(
    (again: boolean) => {
      const form = new URLSearchParams(window.location.search);
      const linkId = readOwnLink();
      if (linkId !== null) form.set("link_id", linkId);
      if (again) form.set("again", "yes");
      submit(form, { method: "post", action: "/connect/oauth" });
    },
    [submit],
  );
  useEffect(() => {
    if (!returned || asked.current) return;
    asked.current = true;
    ask(false);
  }, [returned, ask]);

  useEffect(() => {
    if (result?.at !== "open" || result === resumed) return;
    const { linkToken, itemId } = result;
    openLink({ itemId, returned: { linkToken, redirectUri: window.location.href } });
    setResumed(result);
  }, [result, resumed, openLink]);

  const pending = pendingBank(step);
  if (pending) return <PendingCard {...pending} />;
  const isStopped = resumed !== null && step.name === "idle" && !arrival;
  const words = isStopped ? stopped : returned ? result && wordsOf(result) : lost;
  if (!words) {
    return (
      <ReturnFrame title={oauth.title} lead={oauth.lead}>
        <Spinner className="mx-auto mt-6 size-6 text-accent" />
      </ReturnFrame>
    );
  }
  const mayGoOn = !isStopped && result?.at === "opened_before";
  return (
    <ReturnFrame {...words}>
      <div className="mt-6 flex flex-wrap justify-center gap-2">
        {mayGoOn ? (
          <Button kind="secondary" onClick={() => ask(true)}>
            {oauth.goOn}
          </Button>
        ) : null}
        <Link to="/dashboard" className={buttonClass("primary")}>
          {oauth.back}
        </Link>
      </div>
    </ReturnFrame>
  );
}

interface Words {
  title: string;
  lead: string;
}

const stopped: Words = { title: oauth.stoppedTitle, lead: oauth.stopped };
const lost: Words = { title: oauth.lostTitle, lead: oauth.lost };

/** Returns the message; null while Link continues. */
function wordsOf(returned: LinkReturn): Words | null {
  switch (returned.at) {
    case "open":
      return null;
    case "opened_before":
      return { title: oauth.beforeTitle, lead: oauth.before };
    case "pending":
      return { title: oauth.pendingTitle(returned.bank ?? oauth.yourBank), lead: oauth.pending };
    case "lost":
      return lost;
    case "over": {
      const bank = returned.bank ?? oauth.yourBank;
      if (returned.outcome === "connected") {
        return { title: oauth.connectedTitle(bank), lead: oauth.connected };
      }
      if (returned.outcome === "unknown") return { title: oauth.overTitle, lead: oauth.over };
      const { reason } = returned;
      const why = reason && Object.hasOwn(reasons, reason) ? reasons[reason as Reason] : null;
      return { title: oauth.notConnectedTitle(bank), lead: why?.message ?? oauth.stopped };
    }
  }
}

function ReturnFrame({ title, lead, children }: Words & { children: ReactNode }) {
  return (
    <div className="mx-auto max-w-sm py-16 text-center" role="status">
      <h1 className="text-xl font-semibold">{title}</h1>
      <p className="mt-2 text-ink-soft">{lead}</p>
      {children}
    </div>
  );
}

export function ErrorBoundary() {
  return <RouteError />;
}
