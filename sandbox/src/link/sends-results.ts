import type { Sandbox } from "../sandbox.ts";
import type { LinkToken } from "../state.ts";

/** Whether a session's events and results are sent: Plaid enables that for other sessions on request. */
export function sendsResults(sandbox: Sandbox, token: LinkToken): boolean {
  return sandbox.settings.linkEvents || token.hosted !== null || token.multi_item;
}
