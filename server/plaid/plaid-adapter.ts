import {
  Configuration,
  type CountryCode,
  type ItemRemoveReasonCode,
  PlaidApi,
  PlaidEnvironments,
  Products,
} from "plaid";
import type { LinkKind } from "../contracts/connect.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { PlaidLimiter } from "../rate-limits/plaid-limiter.ts";
import type { Log } from "../telemetry/log.ts";
import type { TimeLimits } from "../time-limits.ts";
import { Secret } from "../vault/secret.ts";
import { type CallOptions, createCalls } from "./calls.ts";
import { type ItemError, isRemoved } from "./item-error.ts";
import type { LinkLanguage } from "./link-language.ts";
import { type LinkSession, linkTokenSessionsResponse } from "./link-sessions.ts";
import { plainText } from "./plaid-error.ts";
import { createPlaidUsers, type PlaidUsers } from "./plaid-users.ts";
import {
  accountsResponse,
  endedResponse,
  exchangeResponse,
  institutionLooksResponse,
  institutionResponse,
  itemResponse,
  linkTokenResponse,
  type PlaidAccount,
  type PlaidTransactionsPage,
  type PlaidWebhookKey,
  transactionsResponse,
  webhookKeyResponse,
} from "./responses.ts";
import { readAccounts, tellUnreadable } from "./unreadable.ts";

/**
 * The operations of Plaid that the product uses. Each checks the response (`responses.ts`) and is
 * bounded and retried (`calls.ts`).
 */
export interface PlaidAdapter {
  /** `<environment>/<client id>`: an access_token is known to Plaid under those that made it alone. */
  readonly client: string;
  /** Plaid's users, and their Items without access_tokens. */
  readonly users: PlaidUsers;
  /**
   * `expiration` is ISO 8601 UTC. With the `accessToken` of an Item Link opens in update mode.
   * https://plaid.com/docs/api/link/#linktokencreate
   */
  createLinkToken(
    input: {
      userId: string;
      /** Of `users.create`: the new Item is tied to it. */
      plaidUserId?: string | null;
      /** Where a bank's own site returns to; left out for a hosted Link, which returns to Plaid's page. */
      redirectUri?: string | undefined;
      /** Plaid shows Link on a page of its own, which lives for `lifetimeMs`, 21 days at most. */
      hosted?: { lifetimeMs: number; completionRedirectUri?: string | undefined } | undefined;
      /** Where Plaid is to tell of the Item; left out where it cannot reach us. */
      webhook?: string | undefined;
      language: LinkLanguage;
      /** What is to be connected, which decides what banks Link offers; `bank` unless it is said. */
      kind?: LinkKind | undefined;
      /** The bank that Link opens for. */
      institutionId?: string | null | undefined;
      /** Opens update mode for this Item, in which the person may choose its accounts anew. */
      update?: { accessToken: Secret; choosesAccounts: boolean } | undefined;
    },
    options?: CallOptions,
  ): Promise<{
    linkToken: string;
    expiration: string;
    /** Of a hosted Link; null of any other. */
    hostedLinkUrl: string | null;
    requestId: string;
  }>;
  /**
   * The openings of Link with this token, oldest first. Their results are there only where Plaid has enabled
   * them for our client id. https://plaid.com/docs/api/link/#linktokenget
   */
  getLinkSessions(linkToken: Secret, options?: CallOptions): Promise<LinkSession[]>;
  /**
   * A `public_token_invalid` whose `plaid.mayHaveActed` is true may be the answer to a retry of an
   * exchange that succeeded. An Item without an id that can be stored is removed at once, and the
   * exchange fails. https://plaid.com/docs/api/items/#itempublic_tokenexchange
   */
  exchangePublicToken(
    publicToken: string,
    options?: CallOptions,
  ): Promise<{ accessToken: Secret; plaidItemId: string; requestId: string }>;
  /**
   * At least one account: a response without one that can be used is an outage.
   * https://plaid.com/docs/api/accounts/#accountsget
   */
  getAccounts(
    accessToken: Secret,
    options?: CallOptions,
  ): Promise<{
    accounts: PlaidAccount[];
    /** How many accounts could not be read, or not all of their balances. */
    accountsUnreadable: number;
    /** `name` is null where Plaid does not say it. */
    institution: { id: string | null; name: string | null };
    /** Transactions is among the Item's products, or Plaid does not say which it has. */
    hasTransactions: boolean;
    requestId: string;
  }>;
  /**
   * How a bank shows itself; `logo` is a PNG in base64.
   * https://plaid.com/docs/api/institutions/#institutionsget_by_id
   */
  getInstitution(
    id: string,
    options?: CallOptions,
  ): Promise<{ url: string | null; color: string | null; logo: string | null }>;
  /**
   * What Plaid says is wrong with the Item, null for nothing. A data call may fail all the same.
   * https://plaid.com/docs/api/items/#itemget
   */
  getItem(
    accessToken: Secret,
    options?: CallOptions,
  ): Promise<{ error: ItemError | null; plaidItemId: string | null; requestId: string }>;
  /**
   * One page of what changed since `cursor` (null: since ever), 500 changes at most. `notReady`: Plaid
   * is still fetching; such a page is empty. `complete`: the Item's whole history is there.
   * https://plaid.com/docs/api/products/transactions/#transactionssync
   */
  syncTransactions(
    accessToken: Secret,
    cursor: string | null,
    options?: CallOptions,
  ): Promise<PlaidTransactionsPage>;
  /**
   * Asks the bank for the Item's newest transactions, which then come with a sync. Billed, so it is never
   * sent again; up to 40 s. https://plaid.com/docs/api/products/transactions/#transactionsrefresh
   */
  refreshTransactions(accessToken: Secret): Promise<{ requestId: string }>;
  /**
   * The public key of this id that Plaid signs webhooks with (a JWK, P-256), null when there is none
   * or it has expired. https://plaid.com/docs/api/webhooks/webhook-verification/
   */
  getWebhookKey(keyId: string, options?: CallOptions): Promise<PlaidWebhookKey | null>;
  /**
   * Ends an Item and its billing. One that Plaid says it has no longer counts as removed.
   * https://plaid.com/docs/api/items/#itemremove
   */
  removeItem(
    accessToken: Secret,
    reasonCode: RemovalReason,
    options?: CallOptions,
  ): Promise<{ requestId: string | null }>;
}

/** Why an Item is removed, as Plaid asks: its connection to the bank had ended, or anything else. */
export type RemovalReason = "CONNECTION_IS_NON_FUNCTIONAL" | "OTHER";

/**
 * Link offers only banks that have every product of `products`; `optional_products` come with those that have
 * them, and narrow nothing. https://plaid.com/docs/link/initializing-products/
 */
const productsOf: Record<LinkKind, { products: Products[]; optional_products?: Products[] }> = {
  bank: { products: [Products.Transactions] },
  investments: { products: [Products.Investments], optional_products: [Products.Transactions] },
  loan: { products: [Products.Liabilities], optional_products: [Products.Transactions] },
};

/** https://plaid.com/docs/link/hosted-link/ */
const hostedLink = (hosted: {
  lifetimeMs: number;
  completionRedirectUri?: string | undefined;
}) => ({
  url_lifetime_seconds: Math.floor(hosted.lifetimeMs / 1000),
  ...(hosted.completionRedirectUri
    ? { completion_redirect_uri: hosted.completionRedirectUri }
    : {}),
});

/** Transactions asked for at once: the most that Plaid gives. */
const pageSize = 500;

/** `standIn` is another host that speaks Plaid (the local sandbox), without a trailing slash. */
export function createPlaidAdapter(
  config: {
    clientId: string;
    secret: Secret;
    env: "sandbox" | "production";
    standIn: string | undefined;
    /** Countries whose banks Link offers, ISO 3166-1. */
    countryCodes: readonly string[];
    /** Days of transactions that a new Item asks for, 1 to 730. */
    daysRequested: number;
  },
  limiter: PlaidLimiter,
  log: Log,
  limits: Pick<TimeLimits, "plaidCall" | "plaidRefresh" | "plaidBackoff" | "plaidWait">,
): PlaidAdapter {
  const basePath = config.standIn ?? PlaidEnvironments[config.env];
  if (!basePath) throw new Error(`Plaid has no environment ${config.env}`);
  const api = new PlaidApi(
    new Configuration({
      basePath,
      baseOptions: {
        // Plaid never redirects, and its secret goes nowhere else.
        maxRedirects: 0,
        headers: {
          "PLAID-CLIENT-ID": config.clientId,
          "PLAID-SECRET": config.secret.reveal(),
          "Plaid-Version": "2020-09-14",
        },
      },
    }),
  );
  const call = createCalls(config.clientId, limiter, log, limits);
  const countryCodes = [...config.countryCodes] as CountryCode[];

  /** Null where Plaid cannot say it just now: a name is nothing that a connection may fail for. */
  async function institutionName(id: string, options: CallOptions): Promise<string | null> {
    const { institution } = await call(
      "/institutions/get_by_id",
      institutionResponse,
      (request) =>
        api.institutionsGetById({ institution_id: id, country_codes: countryCodes }, request),
      options,
    ).catch(() => ({ institution: { name: null } }));
    return institution.name;
  }

  /** The Item's id, which the exchange did not say. Without one that can be stored it is removed. */
  async function requireItemId(accessToken: Secret, options: CallOptions): Promise<string> {
    const found = await adapter.getItem(accessToken, options).catch(() => null);
    if (found?.plaidItemId) return found.plaidItemId;
    await adapter.removeItem(accessToken, "CONNECTION_IS_NON_FUNCTIONAL", options);
    throw new FiscilityError("plaid_refused");
  }

  const adapter: PlaidAdapter = {
    client: `${config.env}/${config.clientId}`,
    users: createPlaidUsers(api, call),

    async createLinkToken(
      { userId, plaidUserId, redirectUri, hosted, webhook, language, kind = "bank", ...of },
      options = {},
    ) {
      const { institutionId, update } = of;
      const data = await call(
        "/link/token/create",
        linkTokenResponse,
        (request) =>
          api.linkTokenCreate(
            {
              client_name: "Fiscility",
              language,
              country_codes: countryCodes,
              user: { client_user_id: userId },
              ...(plaidUserId ? { user_id: plaidUserId } : {}),
              ...(redirectUri ? { redirect_uri: redirectUri } : {}),
              ...(hosted ? { hosted_link: hostedLink(hosted) } : {}),
              ...(webhook ? { webhook } : {}),
              // Update mode takes the Item as it is, without products.
              ...(update
                ? {
                    access_token: update.accessToken.reveal(),
                    update: { account_selection_enabled: update.choosesAccounts },
                  }
                : {
                    ...productsOf[kind],
                    ...(institutionId ? { institution_id: institutionId } : {}),
                    transactions: { days_requested: config.daysRequested },
                  }),
            },
            request,
          ),
        options,
      );
      const hostedLinkUrl = data.hosted_link_url ?? null;
      if (hosted && hostedLinkUrl === null) throw new FiscilityError("plaid_refused");
      return {
        hostedLinkUrl,
        linkToken: data.link_token,
        expiration: new Date(data.expiration).toISOString(),
        requestId: data.request_id,
      };
    },

    async getLinkSessions(linkToken, options = {}) {
      const { link_sessions: sessions } = await call(
        "/link/token/get",
        linkTokenSessionsResponse,
        (request) => api.linkTokenGet({ link_token: linkToken.reveal() }, request),
        options,
      );
      return (sessions ?? []).filter((session) => session !== null);
    },

    async exchangePublicToken(publicToken, options = {}) {
      const data = await call(
        "/item/public_token/exchange",
        exchangeResponse,
        (request) => api.itemPublicTokenExchange({ public_token: publicToken }, request),
        options,
      );
      const accessToken = new Secret(data.access_token);
      const plaidItemId = data.item_id ?? (await requireItemId(accessToken, options));
      return { accessToken, plaidItemId, requestId: data.request_id };
    },

    async getAccounts(accessToken, options = {}) {
      const data = await call(
        "/accounts/get",
        accountsResponse,
        (request) => api.accountsGet({ access_token: accessToken.reveal() }, request),
        options,
        accessToken,
      );
      const { institution_id: id, institution_name: given } = data.item;
      const name = given ?? (id === null ? null : await institutionName(id, options));
      return {
        ...readAccounts(data.accounts, log),
        institution: { id, name },
        hasTransactions: (
          data.item.products ??
          data.item.billed_products ?? ["transactions"]
        ).includes("transactions"),
        requestId: data.request_id,
      };
    },

    async getInstitution(id, options = {}) {
      const { institution } = await call(
        "/institutions/get_by_id",
        institutionLooksResponse,
        (request) =>
          api.institutionsGetById(
            {
              institution_id: id,
              country_codes: countryCodes,
              options: { include_optional_metadata: true },
            },
            request,
          ),
        options,
      );
      const { url, primary_color: color, logo } = institution;
      return { url, color, logo: logo ?? null };
    },

    async getItem(accessToken, options = {}) {
      const data = await call(
        "/item/get",
        itemResponse,
        (request) => api.itemGet({ access_token: accessToken.reveal() }, request),
        options,
        accessToken,
      );
      const { error, item_id: plaidItemId } = data.item;
      return {
        error: error
          ? {
              errorType: plainText(error.error_type),
              errorCode: plainText(error.error_code) ?? "UNKNOWN",
              displayMessage: plainText(error.display_message),
            }
          : null,
        plaidItemId,
        requestId: data.request_id,
      };
    },

    async syncTransactions(accessToken, cursor, options = {}) {
      const data = await call(
        "/transactions/sync",
        transactionsResponse,
        (request) =>
          api.transactionsSync(
            { access_token: accessToken.reveal(), count: pageSize, ...(cursor ? { cursor } : {}) },
            request,
          ),
        options,
        accessToken,
      );
      const { added, modified, removed, transactions_update_status: status } = data;
      const unreadable = [...added.unreadable, ...modified.unreadable];
      tellUnreadable("transaction", [...unreadable, ...removed.unreadable], log);
      return {
        upserted: [...added.read, ...modified.read],
        removed: removed.read.map((gone) => gone.transaction_id),
        unreadable,
        ...readAccounts(data.accounts, log),
        nextCursor: data.next_cursor,
        // A page that leads to itself is the last one, whatever it says.
        hasMore: data.has_more === true && data.next_cursor !== cursor,
        notReady: status === "NOT_READY" || data.next_cursor === "",
        complete: status === "HISTORICAL_UPDATE_COMPLETE",
      };
    },

    async refreshTransactions(accessToken) {
      const { request_id: requestId } = await call(
        "/transactions/refresh",
        endedResponse,
        (request) => api.transactionsRefresh({ access_token: accessToken.reveal() }, request),
        { onceWithin: limits.plaidRefresh },
        accessToken,
      );
      return { requestId };
    },

    async getWebhookKey(keyId, options = {}) {
      try {
        const { key } = await call(
          "/webhook_verification_key/get",
          webhookKeyResponse,
          (request) => api.webhookVerificationKeyGet({ key_id: keyId }, request),
          options,
        );
        const { kty, crv, x, y, expired_at: expiredAt } = key;
        return expiredAt ? null : { kty, crv, x, y };
      } catch (error) {
        if (error instanceof FiscilityError && error.reason === "plaid_refused") return null;
        throw error;
      }
    },

    async removeItem(accessToken, reasonCode, options = {}) {
      try {
        const data = await call(
          "/item/remove",
          endedResponse,
          (request) =>
            api.itemRemove(
              {
                access_token: accessToken.reveal(),
                reason_code: reasonCode as ItemRemoveReasonCode,
              },
              request,
            ),
          options,
          accessToken,
        );
        return { requestId: data.request_id };
      } catch (error) {
        if (!(error instanceof FiscilityError)) throw error;
        const known: FiscilityError = error;
        if (!isRemoved(known.plaid)) throw known;
        return { requestId: known.plaid?.requestId ?? null };
      }
    },
  };
  return adapter;
}
