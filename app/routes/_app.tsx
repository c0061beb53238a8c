import type { LoaderFunctionArgs } from "@remix-run/node";
import {
  Outlet,
  type ShouldRevalidateFunctionArgs,
  useLoaderData,
  useRouteLoaderData,
} from "@remix-run/react";
import { useEffect } from "react";
import { requireViewer } from "../auth/require-viewer.ts";
import { PageFrame } from "../components/page-frame.tsx";
import { ConnectProvider } from "../connect/connect-provider.tsx";
import { followChanges } from "../connect/follow-changes.ts";
import { followTitle } from "../connect/title-news.ts";
import { ConfirmEmailBanner } from "../mail/confirm-email-banner.tsx";
import type { loader as rootLoader } from "../root.tsx";
import { shouldRevalidate as afterForm } from "../send-form.ts";

/** The layout of the pages behind the log-in, with the connection flow above them. */
export async function loader({ request, context }: LoaderFunctionArgs) {
  const viewer = requireViewer(request, context);
  const { verified, required } = context.email;
  return {
    viewer,
    unconfirmed: verified ? null : { required, state: await context.email.state() },
    scriptUrl: context.link.scriptUrl,
    dataVersion: context.dataVersion,
  };
}

/** The user and the script's URL only change after a form, or with a full page load. */
export function shouldRevalidate(args: ShouldRevalidateFunctionArgs) {
  return args.formMethod !== undefined && afterForm(args);
}

export default function App() {
  const { viewer, unconfirmed, scriptUrl, dataVersion } = useLoaderData<typeof loader>();
  useEffect(() => followChanges(viewer.id, dataVersion), [viewer.id, dataVersion]);
  useEffect(followTitle, []);
  // Another user has logged in, in another tab: nothing of the previous user may stay.
  const userId = useRouteLoaderData<typeof rootLoader>("root")?.userId ?? viewer.id;
  const other = userId !== viewer.id;
  useEffect(() => {
    if (other) location.reload();
  }, [other]);
  if (other) return null;
  return (
    <ConnectProvider scriptUrl={scriptUrl}>
      <PageFrame viewer={viewer}>
        {unconfirmed ? <ConfirmEmailBanner email={viewer.email} {...unconfirmed} /> : null}
        <Outlet />
      </PageFrame>
    </ConnectProvider>
  );
}
