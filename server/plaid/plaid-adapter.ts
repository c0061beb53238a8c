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
import { type ItemError, isItemGone } from "./item-error.ts";
import type { LinkLanguage } from "./link-language.ts";
import { type LinkSession, linkTokenSessionsResponse } from "./link-sessions.ts";
import { plainText } from "./plaid-error.ts";
import { createPlaidUsers, type PlaidUsers } from "./plaid-users.ts";
import {
  accountsResponse,
  endedResponse,
  exchangeResponse,
  institutionBrandingResponse,
  institutionResponse,
  itemResponse,
  linkTokenResponse,
  type PlaidAccount,
  type PlaidTransactionsPage,
  type PlaidWebhookKey,
  transactionsResponse,
  webhookKeyResponse,
} from "./responses.ts";
import { logUnreadable, readAccounts } from "./unreadable.ts";

/**
 * The operations of Plaid that the product uses. Each response is checked (`responses.ts`), and each call has
 * a timeout and retries (`calls.ts`).
 */
export interface PlaidAdapter {
  /** `<environment>/<client id>`: Plaid accepts an access_token only from the client that made it. */
  readonly client: string;
  /** Plaid's users, and their Items without access_tokens. */
  readonly users: PlaidUsers;
  /**
   * Creates a link_token. With the `accessToken` of an Item, Link opens in update mode. `expiration` is ISO
   * 8601 UTC. https://plaid.com/docs/api/link/#linktokencreate
   */
  createLinkToken(
    input: {
      userId: string;
      /** From `users.create`. The new Item is associated with it. */
      plaidUserId?: string | null;
      /** Where a bank's own site redirects to. Not set for a hosted Link, which returns to Plaid's page. */
      redirectUri?: string | undefined;
      /** Plaid shows Link on a page of its own, which is available for `lifetimeMs`, at most 21 days. */
      hosted?: { lifetimeMs: number; completionRedirectUri?: string | undefined } | undefined;
      /** Where Plaid sends the Item's webhooks. Not set when Plaid cannot reach us. */
      webhook?: string | undefined;
      language: LinkLanguage;
      /** What to connect. It decides which banks Link offers. Default: `bank`. */
      kind?: LinkKind | undefined;
      /** The bank that Link opens for. */
      institutionId?: string | null | undefined;
      /** Opens update mode for this Item. `choosesAccounts`: the user may choose its accounts again. */
      update?: { accessToken: Secret; choosesAccounts: boolean } | undefined;
    },
    options?: CallOptions,
  ): Promise<{
    linkToken: string;
    expiration: string;
    /** Null unless Link is hosted. */
    hostedLinkUrl: string | null;
    requestId: string;
  }>;
  /**
   * Returns the openings of Link with this token, oldest first. Their results are present only if Plaid has
   * enabled them for our client id. https://plaid.com/docs/api/link/#linktokenget
   */
  getLinkSessions(linkToken: Secret, options?: CallOptions): Promise<LinkSession[]>;
  /**
   * Exchanges a public_token. A `public_token_invalid` whose `plaid.mayHaveActed` is true may follow an
   * exchange that succeeded and whose response was lost. An Item without a usable id is removed at once, and
   * the exchange fails. https://plaid.com/docs/api/items/#itempublic_tokenexchange
   */
  exchangePublicToken(
    publicToken: string,
    options?: CallOptions,
  ): Promise<{ accessToken: Secret; plaidItemId: string; requestId: string }>;
  /**
   * Returns at least one account: a response without a usable account counts as an outage.
   * https://plaid.com/docs/api/accounts/#accountsget
   */
  getAccounts(
    accessToken: Secret,
    options?: CallOptions,
  ): Promise<{
    accounts: PlaidAccount[];
    /** How many accounts could not be parsed, or not all of their balances. */
    accountsUnreadable: number;
    /** `name` is null when Plaid does not return it. */
    institution: { id: string | null; name: string | null };
    /** Transactions is among the Item's products, or Plaid does not list its products. */
    hasTransactions: boolean;
    requestId: string;
  }>;
  /**
   * Returns a bank's website, color and logo; `logo` is a PNG in base64.
   * https://plaid.com/docs/api/institutions/#institutionsget_by_id
   */
  getInstitution(
    id: string,
    options?: CallOptions,
  ): Promise<{ url: string | null; color: string | null; logo: string | null }>;
  /**
   * Returns the Item's error, null for none. A data call may still fail.
   * https://plaid.com/docs/api/items/#itemget
   */
  getItem(
    accessToken: Secret,
    options?: CallOptions,
  ): Promise<{ error: ItemError | null; plaidItemId: string | null; requestId: string }>;
  /**
   * Returns one page of the changes since `cursor` (null for the beginning), at most 500. `notReady`: Plaid
   * is still fetching, and the page is empty. `complete`: the Item's whole history is available.
   * https://plaid.com/docs/api/products/transactions/#transactionssync
   */
  syncTransactions(
    accessToken: Secret,
    cursor: string | null,
    options?: CallOptions,
  ): Promise<PlaidTransactionsPage>;
  /**
   * Makes Plaid fetch the Item's newest transactions from the bank; the next sync returns them. Each call is
   * billed, so it is never retried. It may take 40 s.
   * https://plaid.com/docs/api/products/transactions/#transactionsrefresh
   */
  refreshTransactions(accessToken: Secret): Promise<{ requestId: string }>;
  /**
   * Returns the public key with this id that Plaid signs webhooks with (a JWK, P-256); null when it does not
   * exist or has expired. https://plaid.com/docs/api/webhooks/webhook-verification/
   */
  getWebhookKey(keyId: string, options?: CallOptions): Promise<PlaidWebhookKey | null>;
  /**
   * Removes an Item and ends its billing. An Item that no longer exists at Plaid counts as removed.
   * https://plaid.com/docs/api/items/#itemremove
   */
  removeItem(
    accessToken: Secret,
    reasonCode: RemovalReason,
    options?: CallOptions,
  ): Promise<{ requestId: string | null }>;
}

/** Plaid's reason codes for a removal: the connection to the bank had ended, or anything else. */
export type RemovalReason = "CONNECTION_IS_NON_FUNCTIONAL" | "OTHER";

/**
 * Link offers only banks that support every product of `products`. `optional_products` are added where the
 * bank has them and exclude no bank. https://plaid.com/docs/link/initializing-products/
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

/** Transactions of one page: Plaid's maximum. */
const pageSize = 500;

/**
 * @param config `standIn` is the address of another server with Plaid's API (the local sandbox), without a
 *   trailing slash
 */
export function createPlaidAdapter(
  config: {
    clientId: string;
    secret: Secret;
    env: "sandbox" | "production";
    standIn: string | undefined;
    /** Countries whose banks Link offers, ISO 3166-1. */
    countryCodes: readonly string[];
    /** Days of history to request for a new Item, 1 to 730. */
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
        // Plaid never redirects, and the secret must not be sent to another host.
        maxRedirects: 0,
        // Bytes after decompression. The largest response that Plaid sends is a page of 500 transactions, about 1 MB.
        maxContentLength: 20_000_000,
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

  /** Null when Plaid cannot return it now: a connection must not fail for a missing name. */
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

  /** Returns the Item's id when the exchange did not. Without a usable id the Item is removed. */
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
              // Update mode keeps the Item's products, so none are sent.
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
        institutionBrandingResponse,
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
      logUnreadable("transaction", [...unreadable, ...removed.unreadable], log);
      return {
        upserted: [...added.read, ...modified.read],
        removed: removed.read.map((transaction) => transaction.transaction_id),
        unreadable,
        ...readAccounts(data.accounts, log),
        nextCursor: data.next_cursor,
        // A page whose cursor points to itself is the last one, whatever `has_more` says.
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
        if (!isItemGone(known.plaid)) throw known;
        return { requestId: known.plaid?.requestId ?? null };
      }
    },
  };
  return adapter;
}
