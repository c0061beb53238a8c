/** How a session of Link ends: Items are added, or the user leaves. */
import { findInstitution } from "../bank/institutions.ts";
import { PlaidError } from "../plaid/plaid-error.ts";
import type { Sandbox } from "../sandbox.ts";
import type { LinkEvent, LinkSession, LinkToken } from "../state.ts";
import { linkWebhook } from "../webhooks/bodies.ts";
import { choosableAccounts } from "./accounts.ts";
import { connectAccounts } from "./connect.ts";
import type { LinkOutcome } from "./outcome.ts";
import { sendsResults } from "./sends-results.ts";
import { openSession, type StepFields } from "./sessions.ts";

/** Adds an Item of the chosen accounts. A Multi-Item session continues until `finish`. */
export function connect(sandbox: Sandbox, fields: StepFields): LinkOutcome {
  const { session, token } = openSession(sandbox, fields);
  const ids = fields.account_ids;
  if (!session.logged_in || !Array.isArray(ids) || ids.length === 0) {
    throw new PlaidError("NO_ACCOUNTS");
  }
  const allowed = choosableAccounts(sandbox, session, token)
    .map(({ index }) => index)
    .filter((index) => session.bank_choice?.includes(index) ?? true);
  const chosen = allowed.filter((index) => ids.includes(index));
  const added = connectAccounts(sandbox, session, token, chosen);
  session.added.push(added);
  session.logged_in = false;
  sandbox.changed();
  const { public_token } = added;
  tell(sandbox, session, token, "ITEM_ADD_RESULT", { public_token });
  if (!token.multi_item) end(sandbox, session, token, fields.events);
  return { outcome: "connected", ...added, more: token.multi_item };
}

/** Ends a Multi-Item session: its public_tokens are sent by webhook and returned by `/link/token/get`. */
export function finish(sandbox: Sandbox, fields: StepFields): LinkOutcome {
  const { session, token } = openSession(sandbox, fields);
  const last = session.added.at(-1);
  if (!last) throw new PlaidError("NO_ACCOUNTS");
  end(sandbox, session, token, fields.events);
  return { outcome: "finished", public_token: "", metadata: last.metadata };
}

export function exit(sandbox: Sandbox, fields: StepFields): LinkOutcome {
  const { session, token } = openSession(sandbox, fields);
  const institution =
    session.institution_id === null ? undefined : findInstitution(session.institution_id);
  const metadata = {
    institution: institution
      ? { name: institution.name, institution_id: institution.institution_id }
      : null,
    status: typeof fields.status === "string" ? fields.status : null,
    link_session_id: session.link_session_id,
    request_id: sandbox.ids.requestId(),
  };
  const error = (fields.error as object | null | undefined) ?? null;
  session.exit = { error, metadata };
  end(sandbox, session, token, fields.events);
  return { outcome: "exited", metadata };
}

function end(sandbox: Sandbox, session: LinkSession, token: LinkToken, events: unknown): void {
  session.finished_at = sandbox.clock.iso();
  session.events = Array.isArray(events) ? (events.slice(0, 200) as LinkEvent[]) : [];
  sandbox.changed();
  tell(sandbox, session, token, "EVENTS", { events: session.events });
  const public_tokens = session.added.map(({ public_token }) => public_token);
  const [public_token] = public_tokens;
  tell(
    sandbox,
    session,
    token,
    "SESSION_FINISHED",
    public_token === undefined
      ? { status: "EXITED" }
      : { status: "SUCCESS", public_token, public_tokens },
  );
}

function tell(
  sandbox: Sandbox,
  { link_session_id, link_token }: LinkSession,
  token: LinkToken,
  code: Parameters<typeof linkWebhook>[0],
  fields: object,
): void {
  if (token.webhook === null || !sendsResults(sandbox, token)) return;
  const body = linkWebhook(code, { link_session_id, link_token, ...fields });
  sandbox.webhooks.send(token.webhook, body);
}
