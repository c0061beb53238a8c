/** `/user/create`, `/processor/token/create` and `/consent/events/get`. */
import { findInstitution } from "../bank/institutions.ts";
import { shownAccounts } from "../items.ts";
import { PlaidError } from "../plaid/plaid-error.ts";
import type { Sandbox } from "../sandbox.ts";
import type { User } from "../state.ts";
import type { Call } from "./call.ts";

interface UserCreateBody {
  client_user_id: string;
  identity?: object;
  with_upgraded_user?: boolean;
}

/**
 * `/user/create`: the same user for the same `client_user_id`. Without the new User APIs
 * (`with_upgraded_user: false`) there is a `user_token`, too.
 */
export function userCreate(call: Call, body: UserCreateBody): object {
  const { sandbox, client_id } = call;
  requireUserApis(sandbox);
  const known = [...sandbox.state.users.values()].find(
    (user) => user.client_id === client_id && user.client_user_id === body.client_user_id,
  );
  const user: User = known ?? {
    user_id: `usr_${sandbox.ids.uuid().replaceAll("-", "")}`,
    user_token: body.with_upgraded_user === false ? sandbox.ids.token("user") : null,
    client_id,
    client_user_id: body.client_user_id,
    identity: body.identity ?? null,
    created_at: sandbox.clock.iso(),
    updated_at: sandbox.clock.iso(),
  };
  sandbox.state.users.set(user.user_id, user);
  sandbox.changed();
  const { user_id, user_token } = user;
  return { user_id, ...(user_token === null ? {} : { user_token }) };
}

/** @throws UNAUTHORIZED_ROUTE_ACCESS where `user_apis` is off: a client id without the User APIs */
function requireUserApis({ settings }: Sandbox): void {
  if (!settings.userApis) throw new PlaidError("UNAUTHORIZED_ROUTE_ACCESS");
}

/**
 * The user whom a request names by `user_id` or `user_token`; null when it names none.
 * @throws USER_NOT_FOUND, INVALID_USER_TOKEN, or UNAUTHORIZED_ROUTE_ACCESS
 */
export function namedUser(
  sandbox: Sandbox,
  client_id: string,
  named: { user_id?: string | undefined; user_token?: string | undefined },
): User | null {
  const { user_id, user_token } = named;
  if (user_id !== undefined || user_token !== undefined) requireUserApis(sandbox);
  if (user_id !== undefined) {
    const user = sandbox.state.users.get(user_id);
    if (user?.client_id !== client_id) throw new PlaidError("USER_NOT_FOUND");
    return user;
  }
  if (user_token === undefined) return null;
  const user = [...sandbox.state.users.values()].find((each) => each.user_token === user_token);
  if (user?.client_id !== client_id) throw new PlaidError("INVALID_USER_TOKEN");
  return user;
}

/** `/processor/token/create`. Throws INVALID_ACCOUNT_ID. */
export function processorTokenCreate(
  call: Call,
  body: { access_token: string; account_id: string },
): object {
  const item = call.item(body.access_token);
  shownAccounts(call.sandbox, item, [body.account_id]);
  call.sandbox.changed();
  return { processor_token: call.sandbox.ids.token("processor") };
}

/** `/consent/events/get`: what the user agreed to, oldest first. */
export function consentEventsGet(call: Call, body: { access_token: string }): object {
  const item = call.item(body.access_token);
  const { item_id, institution_id, consented_products } = item;
  const accounts = shownAccounts(call.sandbox, item);
  return {
    consent_events: item.consent_events.map(
      ({ created_at, event_type, event_code, account_ids }) => ({
        item_id,
        created_at,
        event_type,
        event_code,
        institution_id,
        institution_name: findInstitution(institution_id)?.name ?? null,
        initiator: "END_USER",
        consented_use_cases: [],
        consented_data_scopes: dataScopes(consented_products),
        consented_accounts: accounts
          .filter(({ account_id }) => account_ids.includes(account_id))
          .map(({ account_id, bank }) => ({
            account_id,
            name: bank.name,
            type: bank.type,
            subtype: bank.subtype,
            ...(bank.mask === null ? {} : { mask: bank.mask }),
            ...(bank.official_name === null ? {} : { official_name: bank.official_name }),
          })),
      }),
    ),
  };
}

const SCOPES: Record<string, string[]> = {
  auth: ["account_balance_info", "account_routing_number"],
  identity: ["contact_info"],
  transactions: ["account_balance_info", "transactions"],
  investments: ["account_balance_info", "investments"],
  liabilities: ["account_balance_info", "credit_loan_info"],
};

/** The kinds of data behind products. */
function dataScopes(products: string[]): string[] {
  return [...new Set(products.flatMap((product) => SCOPES[product] ?? []))];
}
