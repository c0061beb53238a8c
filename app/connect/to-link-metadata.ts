import type { PlaidLinkOnEventMetadata, PlaidLinkOnSuccessMetadata } from "react-plaid-link";
import type { LinkEventInput, LinkMetadata } from "../../server/contracts/connect.ts";

/** Link's `onSuccess` metadata in our contract's words. */
export function toLinkMetadata(metadata: PlaidLinkOnSuccessMetadata): LinkMetadata {
  const { institution, accounts, link_session_id: linkSessionId } = metadata;
  return {
    institution: institution
      ? { institutionId: institution.institution_id, name: institution.name }
      : null,
    accounts: accounts.map(({ id, name, mask, type, subtype }) => ({
      id,
      name,
      mask,
      type,
      subtype,
    })),
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
