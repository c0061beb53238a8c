import type { PlaidLinkOnEventMetadata, PlaidLinkOnSuccessMetadata } from "react-plaid-link";
import type { LinkEventInput, LinkMetadata } from "../../server/contracts/connect.ts";

/**
 * The metadata of Link's `onSuccess` or `onExit` in our contract's words. Any part can be missing,
 * whatever Plaid's types say.
 */
export function toLinkMetadata(
  metadata: Partial<
    Pick<PlaidLinkOnSuccessMetadata, "institution" | "accounts" | "link_session_id">
  >,
): LinkMetadata {
  const { institution, accounts, link_session_id: linkSessionId } = metadata;
  return {
    institution: institution
      ? { institutionId: institution.institution_id, name: institution.name }
      : null,
    // The server drops the fields that it does not know.
    accounts,
    linkSessionId,
  };
}

/** What Link's `onEvent` tells, as far as it is kept. */
export function toLinkEvent(
  eventName: string,
  metadata: Partial<PlaidLinkOnEventMetadata>,
): LinkEventInput {
  return {
    eventName,
    linkSessionId: metadata.link_session_id,
    institutionId: metadata.institution_id,
    viewName: metadata.view_name,
    errorType: metadata.error_type,
    errorCode: metadata.error_code,
  };
}
