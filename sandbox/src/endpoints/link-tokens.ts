/** `/link/token/*`. */
import { findInstitution } from "../bank/institutions.ts";
import { itemByAccessToken } from "../items.ts";
import { sendsResults } from "../link/sends-results.ts";
import { PlaidError } from "../plaid/plaid-error.ts";
import type { Sandbox } from "../sandbox.ts";
import type { LinkSession, LinkToken } from "../state.ts";
import type { Call } from "./call.ts";
import {
  checkLinkTokenRequest,
  type LinkTokenRequest,
  requestedProducts,
} from "./link-token-request.ts";
import { namedUser } from "./users.ts";

const LIFETIME_MS = 4 * 60 * 60_000;
const HOSTED_LIFETIME_S = 30 * 60;
const UPDATE_LIFETIME_MS = 30 * 60_000;

/** `/link/token/create`: valid for four hours, in update mode for 30 minutes, hosted as long as its URL. */
export function linkTokenCreate(call: Call, body: LinkTokenRequest): object {
  const { sandbox, client_id } = call;
  checkLinkTokenRequest(body);
  const updating =
    body.access_token === undefined
      ? null
      : itemByAccessToken(sandbox, body.access_token, client_id);
  const user = namedUser(sandbox, client_id, body);
  const hosted = body.hosted_link ?? null;
  const lifetime = hosted
    ? (hosted.url_lifetime_seconds ?? HOSTED_LIFETIME_S) * 1000
    : updating
      ? UPDATE_LIFETIME_MS
      : LIFETIME_MS;
  const token: LinkToken = {
    link_token: sandbox.ids.token("link"),
    client_id,
    created_at: sandbox.clock.iso(),
    expires_at: sandbox.clock.now() + lifetime,
    client_name: body.client_name,
    language: body.language,
    country_codes: body.country_codes,
    client_user_id: body.user?.client_user_id ?? user?.client_user_id ?? null,
    user_id: user?.user_id ?? null,
    requested: requestedProducts(body),
    webhook: body.webhook ?? null,
    redirect_uri: body.redirect_uri ?? null,
    institution_id:
      (updating && currentId(updating.institution_id)) ??
      body.institution_id ??
      body.institution_data?.institution_id ??
      null,
    account_filters: body.account_filters ?? null,
    days_requested: body.transactions?.days_requested ?? null,
    update_item_id: updating?.item_id ?? null,
    account_selection_enabled: body.update?.account_selection_enabled ?? false,
    hosted: hosted && { completion_redirect_uri: hosted.completion_redirect_uri ?? null },
    multi_item: body.enable_multi_item_link ?? false,
  };
  sandbox.state.link_tokens.set(token.link_token, token);
  sandbox.changed();
  return {
    link_token: token.link_token,
    expiration: new Date(token.expires_at).toISOString(),
    ...(user ? { user_id: user.user_id } : {}),
    ...(hosted
      ? { hosted_link_url: `${call.origin}/link/hosted.html?link_token=${token.link_token}` }
      : {}),
  };
}

/** The current id of a bank. */
function currentId(institution_id: string): string {
  return findInstitution(institution_id)?.moved_to ?? institution_id;
}

/** `/link/token/get`, with the sessions that Link has had with the token. */
export function linkTokenGet(call: Call, body: { link_token: string }): object {
  const token = call.sandbox.state.link_tokens.get(body.link_token);
  if (!token || token.client_id !== call.client_id) throw new PlaidError("INVALID_LINK_TOKEN");
  const sessions = [...call.sandbox.state.link_sessions.values()];
  return {
    link_token: token.link_token,
    ...(token.user_id === null ? {} : { user_id: token.user_id }),
    created_at: token.created_at,
    expiration: new Date(token.expires_at).toISOString(),
    link_sessions: sessions
      .filter(({ link_token }) => link_token === token.link_token)
      .map((session) => sessionView(session, sendsResults(call.sandbox, token))),
    metadata: {
      initial_products: token.requested.products,
      webhook: token.webhook,
      country_codes: token.country_codes,
      language: token.language,
      ...(token.account_filters === null ? {} : { account_filters: token.account_filters }),
      redirect_uri: token.redirect_uri,
      client_name: token.client_name,
    },
  };
}

/** The token, if it can open Link. Throws INVALID_LINK_TOKEN. */
export function openLinkToken(sandbox: Sandbox, link_token: string): LinkToken {
  const token = sandbox.state.link_tokens.get(link_token);
  if (!token) {
    const shaped = /^link-sandbox-[0-9a-f-]{36}$/.test(link_token);
    throw new PlaidError(
      "INVALID_LINK_TOKEN",
      shaped ? "could not find matching link token" : "link_token must be a valid link token",
    );
  }
  if (token.expires_at <= sandbox.clock.now()) {
    throw new PlaidError("INVALID_LINK_TOKEN", "provided link token is expired");
  }
  return token;
}

function sessionView(session: LinkSession, sendsResults: boolean) {
  const { link_session_id, started_at, finished_at, exit, events } = session;
  const base = { link_session_id, started_at, finished_at };
  if (!sendsResults) return base;
  return {
    ...base,
    on_success: session.added[0] ?? null,
    on_exit: null,
    exit,
    events,
    results: {
      item_add_results: session.added.map(({ public_token, metadata }) => ({
        public_token,
        accounts: metadata.accounts,
        institution: metadata.institution,
      })),
      cra_item_add_results: [],
      cra_update_results: [],
      bank_income_results: [],
      payroll_income_results: [],
      document_income_results: null,
    },
  };
}
