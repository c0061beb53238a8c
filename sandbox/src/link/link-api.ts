/**
 * The steps of Link's page, `/link/session/*`. Always returns 200 with an outcome in the body, because a
 * browser writes any other status to the console of the host page.
 */

import { findInstitution, type Institution } from "../bank/institutions.ts";
import { searchInstitutions } from "../endpoints/institutions.ts";
import { openLinkToken } from "../endpoints/link-tokens.ts";
import { PlaidError } from "../plaid/plaid-error.ts";
import { requireSupport } from "../plaid/products.ts";
import type { Sandbox } from "../sandbox.ts";
import type { LinkSession, LinkToken } from "../state.ts";
import { hasAccountsFor } from "./account-filters.ts";
import { accountsOutcome } from "./accounts.ts";
import { logIn } from "./log-in.ts";
import type { LinkOutcome } from "./outcome.ts";
import { connect, exit, finish } from "./session-end.ts";
import {
  checkSameHolder,
  openSession,
  remember,
  type StepFields,
  sessionByOAuthState,
  shownClientName,
  text,
} from "./sessions.ts";

/** A bank as Link lists it. */
interface BankChoice {
  institution_id: string;
  name: string;
  host: string;
  primary_color: string;
  oauth: boolean;
}

/** Runs one step of Link. Refusals come back as `{ outcome: "error", error }`. */
export function linkStep(sandbox: Sandbox, step: string, fields: StepFields): LinkOutcome {
  const request_id = sandbox.ids.requestId();
  try {
    const run = Object.hasOwn(STEPS, step) ? STEPS[step] : undefined;
    if (!run) throw new PlaidError("NOT_FOUND");
    return { ...run(sandbox, fields), request_id };
  } catch (error) {
    if (!(error instanceof PlaidError)) throw error;
    return { outcome: "error", error: error.body(), request_id };
  }
}

const STEPS: Record<string, (sandbox: Sandbox, fields: StepFields) => LinkOutcome> = {
  start,
  institution: chooseInstitution,
  "log-in": submitCredentials,
  code: submitCode,
  answers: submitStep,
  oauth: startOAuth,
  "oauth-state": readOAuth,
  connect,
  finish,
  exit,
  banks,
  hosted,
};

/** Opens a session, or continues one after an OAuth redirect. */
function start(sandbox: Sandbox, fields: StepFields): LinkOutcome {
  const token = openLinkToken(sandbox, text(fields, "link_token"));
  if (token.institution_id !== null && findInstitution(token.institution_id)?.dropped) {
    throw new PlaidError("INSTITUTION_NO_LONGER_SUPPORTED");
  }
  const returned = fields.received_redirect_uri;
  if (typeof returned === "string") return resume(sandbox, token, returned);

  const session: LinkSession = {
    link_session_id: sandbox.ids.uuid(),
    link_token: token.link_token,
    started_at: sandbox.clock.iso(),
    finished_at: null,
    institution_id: token.institution_id ?? chosenBefore(token, fields),
    username: null,
    custom_user: null,
    mfa: null,
    logged_in: false,
    oauth: null,
    bank_choice: null,
    awaits_deposits: false,
    added: [],
    exit: null,
    events: [],
  };
  sandbox.state.link_sessions.set(session.link_session_id, session);
  sandbox.changed();
  return { outcome: "started", ...describeSession(token, session) };
}

/** The bank that the user chose on the app's own page, in embedded search; null for none. */
function chosenBefore(token: LinkToken, fields: StepFields): string | null {
  const { institution_id } = fields;
  if (typeof institution_id !== "string" || institution_id === "") return null;
  const offered = offeredBanks(token).some((bank) => bank.institution_id === institution_id);
  if (!offered) throw new PlaidError("INVALID_INSTITUTION");
  return institution_id;
}

/** The banks that Link lists for a token. */
function offeredBanks(token: LinkToken): Institution[] {
  return searchInstitutions("", token.country_codes, token.requested.products).filter(
    (institution) => hasAccountsFor(institution, token),
  );
}

/** The banks for embedded search, before there is a session. */
function banks(sandbox: Sandbox, fields: StepFields): LinkOutcome {
  const token = openLinkToken(sandbox, text(fields, "link_token"));
  return { outcome: "banks", institutions: offeredBanks(token).map(bankChoice) };
}

/** Where a Hosted Link session goes when it ends. */
function hosted(sandbox: Sandbox, fields: StepFields): LinkOutcome {
  const token = openLinkToken(sandbox, text(fields, "link_token"));
  if (!token.hosted) throw new PlaidError("INVALID_LINK_TOKEN");
  return { outcome: "hosted", completion_redirect_uri: token.hosted.completion_redirect_uri };
}

function resume(sandbox: Sandbox, token: LinkToken, returned: string): LinkOutcome {
  const state_id = URL.parse(returned)?.searchParams.get("oauth_state_id") ?? "";
  const session = sessionByOAuthState(sandbox, state_id);
  if (!session?.oauth) throw new PlaidError("OAUTH_STATE_ID_NOT_FOUND");
  if (session.link_token !== token.link_token) throw new PlaidError("INCORRECT_LINK_TOKEN");
  if (session.oauth.used) throw new PlaidError("OAUTH_STATE_ID_ALREADY_PROCESSED");
  const state = readOAuth(sandbox, { link_session_id: session.link_session_id });
  return { ...describeSession(token, session), ...state };
}

function describeSession(token: LinkToken, session: LinkSession) {
  const preset =
    session.institution_id === null ? undefined : findInstitution(session.institution_id);
  return {
    link_session_id: session.link_session_id,
    client_name: shownClientName(token),
    update_mode: token.update_item_id !== null,
    oauth_window: token.redirect_uri === null ? "popup" : "top",
    institution: preset ? bankChoice(preset) : null,
    institutions: offeredBanks(token).map(bankChoice),
  };
}

function chooseInstitution(sandbox: Sandbox, fields: StepFields): LinkOutcome {
  const { session, token } = openSession(sandbox, fields);
  const institution = findInstitution(text(fields, "institution_id"));
  if (!institution) throw new PlaidError("INVALID_INSTITUTION");
  if (institution.dropped) throw new PlaidError("INSTITUTION_NO_LONGER_SUPPORTED");
  requireSupport(token.requested.products, institution);
  session.institution_id = institution.institution_id;
  session.logged_in = false;
  session.oauth = null;
  session.bank_choice = null;
  sandbox.changed();
  return { outcome: "chosen" };
}

function submitCredentials(sandbox: Sandbox, fields: StepFields): LinkOutcome {
  const { session, token } = openSession(sandbox, fields);
  const holder = logIn(text(fields, "username"), text(fields, "password"), sandbox.clock.today());
  checkSameHolder(sandbox, token, holder);
  remember(sandbox, session, holder);
  return nextQuestions(sandbox, session, token);
}

function submitCode(sandbox: Sandbox, fields: StepFields): LinkOutcome {
  return submitStep(sandbox, { ...fields, answers: [text(fields, "code")] });
}

function submitStep(sandbox: Sandbox, fields: StepFields): LinkOutcome {
  const { session, token } = openSession(sandbox, fields);
  const asked = session.mfa?.rounds[session.mfa.round];
  const { answers } = fields;
  const isRight =
    asked !== undefined &&
    Array.isArray(answers) &&
    asked.every(({ answer }, index) => String(answers[index]).trim() === answer);
  if (!session.mfa || !isRight) throw new PlaidError("INVALID_MFA");
  session.mfa.round += 1;
  sandbox.changed();
  return nextQuestions(sandbox, session, token);
}

/** The bank's next MFA prompt, or the accounts when there is none. */
function nextQuestions(sandbox: Sandbox, session: LinkSession, token: LinkToken): LinkOutcome {
  const { mfa } = session;
  const asked = mfa?.rounds[mfa.round];
  if (mfa && asked) {
    if (mfa.kind === "device") return { outcome: "code" };
    const questions = asked.map(({ label, options }) => ({ label, options }));
    return { outcome: "questions", kind: mfa.kind, questions };
  }
  session.mfa = null;
  session.logged_in = true;
  sandbox.changed();
  return accountsOutcome(sandbox, session, token);
}

/** Starts an OAuth log-in. Returns where to send the user. */
function startOAuth(sandbox: Sandbox, fields: StepFields): LinkOutcome {
  const { session } = openSession(sandbox, fields);
  const state_id = sandbox.ids.uuid();
  session.oauth = { state_id, result: "pending", used: false };
  sandbox.changed();
  return {
    outcome: "oauth",
    path: `/link/oauth.html?oauth_state_id=${state_id}`,
  };
}

/** The state of the OAuth log-in. */
function readOAuth(sandbox: Sandbox, fields: StepFields): LinkOutcome {
  const { session, token } = openSession(sandbox, fields);
  const result = session.oauth?.result ?? "denied";
  if (result === "pending") return { outcome: "pending" };
  if (session.oauth) session.oauth.used = true;
  if (result === "denied") throw new PlaidError("ACCESS_NOT_GRANTED");
  session.logged_in = true;
  sandbox.changed();
  return accountsOutcome(sandbox, session, token);
}

function bankChoice({ institution_id, name, url, primary_color, oauth }: Institution): BankChoice {
  return { institution_id, name, host: new URL(url).host, primary_color, oauth };
}
