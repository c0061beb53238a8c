import { type AppLoadContext, redirect } from "@remix-run/node";
import type { Viewer } from "../../server/contracts/session.ts";

const setUpPath = "/settings/security/second-step";

/**
 * Returns the user. Without a session, redirects to the log-in page, and from there back to this page or
 * `back`. Where every user needs a second factor, redirects users without one to the page that sets one up.
 */
export function requireViewer(request: Request, context: AppLoadContext, back?: string): Viewer {
  const { pathname, search } = new URL(request.url);
  if (context.viewer) {
    const maySee = /^\/(settings\/(security|confirm)|confirm-email)(\/|$)/.test(pathname);
    if (context.mustSetUpFactor && !maySee) throw redirect(setUpPath);
    return context.viewer;
  }
  throw redirect(`/login?next=${encodeURIComponent(back ?? pathname + search)}`);
}
