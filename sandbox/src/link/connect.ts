/** The end of Link: an Item is made, or in update mode repaired, and a public_token issued. */
import { findInstitution } from "../bank/institutions.ts";
import { createItem, issuePublicToken, noteConsent, repair, shownAccounts } from "../items.ts";
import { PlaidError } from "../plaid/plaid-error.ts";
import { requireProducts } from "../plaid/products.ts";
import type { Sandbox } from "../sandbox.ts";
import type { Item, LinkSession, LinkSuccessMetadata, LinkToken } from "../state.ts";
import { announcing } from "../webhooks/announcing.ts";

/** `chosen`: the places of the accounts among the holder's; at least one. */
export function connectAccounts(
  sandbox: Sandbox,
  session: LinkSession,
  token: LinkToken,
  chosen: number[],
): { public_token: string; metadata: LinkSuccessMetadata } {
  const institution = findInstitution(session.institution_id ?? "");
  if (!institution || session.username === null || chosen.length === 0) {
    throw new PlaidError("NO_ACCOUNTS");
  }
  if (token.update_item_id === null) {
    const holder = sandbox.bankAccounts(
      institution.institution_id,
      session.username,
      session.custom_user,
    );
    const accounts = chosen.flatMap((index) => holder[index] ?? []);
    requireProducts(token.requested.products, institution, accounts);
  }
  const item =
    token.update_item_id === null
      ? createItem(sandbox, {
          client_id: token.client_id,
          client_user_id: token.client_user_id,
          user_id: token.user_id,
          institution,
          username: session.username,
          custom_user: session.custom_user,
          bank_accounts: chosen,
          requested: token.requested,
          webhook: token.webhook,
          link_session_id: session.link_session_id,
          days_requested: token.days_requested,
          awaits_deposits: session.awaits_deposits,
        })
      : updateItem(sandbox, session, token, chosen);
  const { institution_id, name } = institution;
  return {
    public_token: issuePublicToken(sandbox, item),
    metadata: {
      institution: { name, institution_id },
      accounts: shownAccounts(sandbox, item).map(({ account_id, bank }) => ({
        id: account_id,
        name: bank.name,
        mask: bank.mask,
        type: bank.type,
        subtype: bank.subtype,
        verification_status: null,
        class_type: null,
      })),
      link_session_id: session.link_session_id,
      transfer_status: null,
    },
  };
}

/** Accounts that stay keep their account_id; new ones get one; others leave the Item. */
function updateItem(
  sandbox: Sandbox,
  session: LinkSession,
  token: LinkToken,
  chosen: number[],
): Item {
  const item = sandbox.state.items.get(token.update_item_id ?? "");
  if (!item || item.removed_at !== null) throw new PlaidError("ITEM_NOT_FOUND");
  // The bank's id may have changed since the Item was made.
  item.institution_id = session.institution_id ?? item.institution_id;
  const picked = token.account_selection_enabled || session.bank_choice !== null;
  if (picked) {
    const accounts = chosen.map(
      (bank_account) =>
        item.accounts.find((account) => account.bank_account === bank_account) ?? {
          account_id: sandbox.ids.id(),
          bank_account,
        },
    );
    announcing(sandbox, item, () => sandbox.feeds.changeAccounts(item, accounts));
    noteConsent(sandbox, item, "CONSENT_UPDATED", "ACCOUNT_SCOPES");
  }
  item.consented_products = [
    ...new Set([...item.consented_products, ...Object.values(token.requested).flat()]),
  ];
  repair(sandbox, item, picked);
  return item;
}
