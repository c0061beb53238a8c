/** The OAuth bank's side: its page, and what follows the person's decision there. */
import { findInstitution, type Institution } from "../bank/institutions.ts";
import { openLinkToken } from "../endpoints/link-tokens.ts";
import { PlaidError } from "../plaid/plaid-error.ts";
import type { Sandbox } from "../sandbox.ts";
import type { LinkOutcome } from "./link-api.ts";
import { logIn } from "./log-in.ts";
import { checkSameHolder, remember, sessionByOAuthState, shownClientName } from "./sessions.ts";

/** Where the OAuth bank sends the person back to, after a decision. */
export function decideOAuth(
  sandbox: Sandbox,
  state_id: string,
  decision: { username: string; password: string } | null,
): LinkOutcome {
  const session = sessionByOAuthState(sandbox, state_id);
  const request_id = sandbox.ids.requestId();
  try {
    if (!session?.oauth) throw new PlaidError("OAUTH_STATE_ID_NOT_FOUND");
    if (session.oauth.result !== "pending")
      throw new PlaidError("OAUTH_STATE_ID_ALREADY_PROCESSED");
    const token = openLinkToken(sandbox, session.link_token);
    if (decision) {
      const holder = logIn(decision.username, decision.password);
      checkSameHolder(sandbox, token, holder);
      remember(sandbox, session, holder);
    }
    session.oauth.result = decision ? "granted" : "denied";
    sandbox.changed();
    const back = token.redirect_uri === null ? null : new URL(token.redirect_uri);
    back?.searchParams.set("oauth_state_id", state_id);
    return { outcome: "decided", redirect_to: back?.href ?? null, request_id };
  } catch (error) {
    if (!(error instanceof PlaidError)) throw error;
    return { outcome: "error", error: error.body(), request_id };
  }
}

/** The bank behind an OAuth state, for its page; null when there is none. */
export function oauthBank(
  sandbox: Sandbox,
  state_id: string,
): { institution: Institution; client_name: string } | null {
  const session = sessionByOAuthState(sandbox, state_id);
  const institution = findInstitution(session?.institution_id ?? "");
  const token = session && sandbox.state.link_tokens.get(session.link_token);
  return institution && token ? { institution, client_name: shownClientName(token) } : null;
}
