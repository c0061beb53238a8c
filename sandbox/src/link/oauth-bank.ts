/** The OAuth bank's side: its page, and what follows the user's decision there. */
import { findInstitution, type Institution } from "../bank/institutions.ts";
import { openLinkToken } from "../endpoints/link-tokens.ts";
import { PlaidError } from "../plaid/plaid-error.ts";
import type { Sandbox } from "../sandbox.ts";
import type { LinkSession, LinkToken } from "../state.ts";
import { linkedAccounts } from "./accounts.ts";
import { logIn } from "./log-in.ts";
import type { LinkOutcome } from "./outcome.ts";
import { checkSameHolder, remember, sessionByOAuthState, shownClientName } from "./sessions.ts";

/** What the user enters on the bank's page. `account_ids`: the places of the accounts to share. */
interface Decision {
  username: string;
  password: string;
  account_ids: number[] | null;
}

/**
 * Where the OAuth bank sends the user back to after a decision; or, at a bank with a picker of its
 * own, first the accounts to choose from. A decision of null refuses.
 */
export function decideOAuth(
  sandbox: Sandbox,
  state_id: string,
  decision: Decision | null,
): LinkOutcome {
  const session = sessionByOAuthState(sandbox, state_id);
  const request_id = sandbox.ids.requestId();
  try {
    if (!session?.oauth) throw new PlaidError("OAUTH_STATE_ID_NOT_FOUND");
    if (session.oauth.result !== "pending") {
      throw new PlaidError("OAUTH_STATE_ID_ALREADY_PROCESSED");
    }
    const token = openLinkToken(sandbox, session.link_token);
    if (decision) {
      const { username, password, account_ids } = decision;
      const holder = logIn(username, password, sandbox.clock.today());
      checkSameHolder(sandbox, token, holder);
      remember(sandbox, session, holder);
      if (findInstitution(session.institution_id ?? "")?.own_picker) {
        if (account_ids === null) return { ...bankPicker(sandbox, session, token), request_id };
        session.bank_choice = account_ids;
      }
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

/** All accounts of the holder: the bank does not know what the app filters. */
function bankPicker(sandbox: Sandbox, session: LinkSession, token: LinkToken): LinkOutcome {
  const linked = linkedAccounts(sandbox, token);
  const accounts = sandbox.bankAccounts(
    session.institution_id ?? "",
    session.username ?? "",
    session.custom_user,
  );
  return {
    outcome: "accounts",
    accounts: accounts.map(({ name, mask }, index) => ({
      id: index,
      name,
      mask,
      checked: linked?.includes(index) ?? true,
    })),
  };
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
