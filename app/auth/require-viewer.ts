import { type AppLoadContext, redirect } from "@remix-run/node";
import type { Viewer } from "../../server/contracts/session.ts";

/** Who is asking; without a session, sends them to the log-in page and back here, or to `back`, afterwards. */
export function requireViewer(request: Request, context: AppLoadContext, back?: string): Viewer {
  if (context.viewer) return context.viewer;
  const { pathname, search } = new URL(request.url);
  throw redirect(`/login?next=${encodeURIComponent(back ?? pathname + search)}`);
}
