import type { LinkEventInput, LinkMetadata } from "../../server/contracts/connect.ts";
import type { LinkError } from "./connect-types.ts";

/**
 * Converts the metadata of Link's `onSuccess` or `onExit` to our contract. Whatever Plaid's types say, any
 * part can be missing or of another type; what cannot be used becomes null, so that the page can use the
 * rest.
 */
export function toLinkMetadata(metadata: unknown): LinkMetadata {
  const { institution, accounts, link_session_id: linkSessionId } = fieldsOf(metadata);
  const { institution_id: institutionId, name } = fieldsOf(institution);
  return {
    institution: institution
      ? { institutionId: textOrNull(institutionId), name: textOrNull(name) }
      : null,
    accounts: Array.isArray(accounts)
      ? accounts.slice(0, maxAccounts).map(toLinkAccount).filter(saysSomething)
      : null,
    linkSessionId: textOrNull(linkSessionId),
  };
}

/** Returns why `onExit` says that Link was closed; null if the user just closed it. */
export function toLinkError(error: unknown): LinkError | null {
  if (!error) return null;
  const { error_code: code, display_message: message } = fieldsOf(error);
  return { code: textOrNull(code) ?? "", message: textOrNull(message) };
}

/** Returns the part of Link's `onEvent` that is stored. */
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

/** As many as the server reads. */
const maxAccounts = 1000;
/** As long as the server accepts: anything longer is not a name, mask or id. */
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

/** Whether an account has any usable field: the page shows a place for each. */
const saysSomething = (account: ReturnType<typeof toLinkAccount>) =>
  Object.values(account).some((field) => field);

/** Returns the fields of an object; none for anything else. */
const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

const textOrNull = (value: unknown): string | null =>
  typeof value === "string" && value.length <= longestText ? value : null;
