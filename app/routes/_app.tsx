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
import type { loader as rootLoader } from "../root.tsx";
import { shouldRevalidate as afterForm } from "../send-form.ts";

/** The frame of the pages behind the log-in, and the connection flow above them. */
export function loader({ request, context }: LoaderFunctionArgs) {
  return {
    viewer: requireViewer(request, context),
    scriptUrl: context.link.scriptUrl,
    dataVersion: context.dataVersion,
  };
}

/** Neither the person nor the script's address changes but by a form, or else the page is loaded anew. */
export function shouldRevalidate(args: ShouldRevalidateFunctionArgs) {
  return args.formMethod !== undefined && afterForm(args);
}

export default function App() {
  const { viewer, scriptUrl, dataVersion } = useLoaderData<typeof loader>();
  useEffect(() => followChanges(viewer.id, dataVersion), [viewer.id, dataVersion]);
  // Somebody else has logged in, in another tab: nothing of the one before may stay.
  const userId = useRouteLoaderData<typeof rootLoader>("root")?.userId ?? viewer.id;
  const other = userId !== viewer.id;
  useEffect(() => {
    if (other) location.reload();
  }, [other]);
  if (other) return null;
  return (
    <ConnectProvider scriptUrl={scriptUrl}>
      <PageFrame viewer={viewer}>
        <Outlet />
      </PageFrame>
    </ConnectProvider>
  );
}
