/** Sessions of Link: finding them, and who has logged in to them. */
import { openLinkToken } from "../endpoints/link-tokens.ts";
import { PlaidError } from "../plaid/plaid-error.ts";
import type { Sandbox } from "../sandbox.ts";
import type { LinkSession, LinkToken } from "../state.ts";
import type { LoggedIn } from "./log-in.ts";

/** What a page sends with a step, not yet checked. */
export type StepFields = Record<string, unknown>;

/** The session that sent its user to a bank with this OAuth state. */
export function sessionByOAuthState(sandbox: Sandbox, state_id: string): LinkSession | undefined {
  const sessions = [...sandbox.state.link_sessions.values()];
  return sessions.find(({ oauth }) => oauth?.state_id === state_id);
}

/** The unfinished session named by `link_session_id`. Throws INVALID_LINK_TOKEN. */
export function openSession(
  sandbox: Sandbox,
  fields: StepFields,
): { session: LinkSession; token: LinkToken } {
  const session = sandbox.state.link_sessions.get(text(fields, "link_session_id"));
  if (!session || session.finished_at !== null) {
    throw new PlaidError("INVALID_LINK_TOKEN", "this Link session is over");
  }
  return { session, token: openLinkToken(sandbox, session.link_token) };
}

/** Update mode is for the user who made the Item: Plaid refuses another username. */
export function checkSameHolder(sandbox: Sandbox, token: LinkToken, holder: LoggedIn): void {
  const item = token.update_item_id === null ? null : sandbox.state.items.get(token.update_item_id);
  if (item && item.username !== holder.username) throw new PlaidError("INVALID_UPDATED_USERNAME");
}

/** Stores who has logged in, and the bank's remaining MFA prompts. */
export function remember(sandbox: Sandbox, session: LinkSession, holder: LoggedIn): void {
  session.username = holder.username;
  session.custom_user = holder.custom_user;
  session.awaits_deposits = holder.awaits_deposits;
  session.mfa = holder.challenge && { ...holder.challenge, round: 0 };
  sandbox.changed();
}

/** The name that Link shows for the app: a name that is too long is replaced. */
export function shownClientName({ client_name }: LinkToken): string {
  return client_name.length > 30 ? "This Application" : client_name;
}

/** A text field of a step. Throws INVALID_FIELD. */
export function text(fields: StepFields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string" || value.length > 2_000_000) {
    throw new PlaidError("INVALID_FIELD", `${name} must be a string`);
  }
  return value;
}
