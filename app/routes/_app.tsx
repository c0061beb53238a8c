import type { LoaderFunctionArgs } from "@remix-run/node";
import { Outlet, type ShouldRevalidateFunctionArgs, useLoaderData } from "@remix-run/react";
import { useEffect } from "react";
import { requireViewer } from "../auth/require-viewer.ts";
import { PageFrame } from "../components/page-frame.tsx";
import { ConnectProvider } from "../connect/connect-provider.tsx";
import { followChanges } from "../connect/follow-changes.ts";

/** The frame of the pages behind the log-in, and the connection flow above them. */
export function loader({ request, context }: LoaderFunctionArgs) {
  return {
    viewer: requireViewer(request, context),
    scriptUrl: context.link.scriptUrl,
    dataVersion: context.dataVersion,
  };
}

/** Neither the person nor the script's address changes but by a form (log-out). */
export function shouldRevalidate({
  formMethod,
  defaultShouldRevalidate,
}: ShouldRevalidateFunctionArgs) {
  return formMethod ? defaultShouldRevalidate : false;
}

export default function App() {
  const { viewer, scriptUrl, dataVersion } = useLoaderData<typeof loader>();
  useEffect(() => followChanges(viewer.id, dataVersion), [viewer.id, dataVersion]);
  return (
    <ConnectProvider scriptUrl={scriptUrl}>
      <PageFrame viewer={viewer}>
        <Outlet />
      </PageFrame>
    </ConnectProvider>
  );
}
