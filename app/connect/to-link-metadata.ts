import type { LinkEventInput, LinkMetadata } from "../../server/contracts/connect.ts";
import type { LinkError } from "./connect-types.ts";

/**
 * The metadata of Link's `onSuccess` or `onExit` in our contract's words. Whatever Plaid's types say, any
 * part can be missing or something else; what cannot be used is null, so that the page can show the rest.
 */
export function toLinkMetadata(metadata: unknown): LinkMetadata {
  const { institution, accounts, link_session_id: linkSessionId } = fieldsOf(metadata);
  const { institution_id: institutionId, name } = fieldsOf(institution);
  return {
    institution: institution
      ? { institutionId: textOrNull(institutionId), name: textOrNull(name) }
      : null,
    accounts: Array.isArray(accounts)
      ? accounts.slice(0, mostAccounts).map(toLinkAccount).filter(saysSomething)
      : null,
    linkSessionId: textOrNull(linkSessionId),
  };
}

/** Why `onExit` says that Link was left; null where it was only closed. */
export function toLinkError(error: unknown): LinkError | null {
  if (!error) return null;
  const { error_code: code, display_message: message } = fieldsOf(error);
  return { code: textOrNull(code) ?? "", message: textOrNull(message) };
}

/** What Link's `onEvent` tells, as far as it is kept. */
export function toLinkEvent(eventName: unknown, metadata: unknown): LinkEventInput {
  const fields = fieldsOf(metadata);
  return {
    eventName: textOrNull(eventName),
    linkSessionId: textOrNull(fields.link_session_id),
    institutionId: textOrNull(fields.institution_id),
    viewName: textOrNull(fields.view_name),
    errorType: textOrNull(fields.error_type),
    errorCode: textOrNull(fields.error_code),
  };
}

/** As many as the server looks at. */
const mostAccounts = 1000;
/** As long as the server takes: what is longer is no name, mask or id. */
const longestText = 300;

function toLinkAccount(account: unknown) {
  const { id, name, mask, type, subtype } = fieldsOf(account);
  return {
    id: textOrNull(id),
    name: textOrNull(name),
    mask: textOrNull(mask),
    type: textOrNull(type),
    subtype: textOrNull(subtype),
  };
}

/** Whether anything of an account can be used: the page makes room for each. */
const saysSomething = (account: ReturnType<typeof toLinkAccount>) =>
  Object.values(account).some((field) => field);

/** The fields of an object; none of anything else. */
const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

const textOrNull = (value: unknown): string | null =>
  typeof value === "string" && value.length <= longestText ? value : null;
