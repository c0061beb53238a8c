import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pRetry, { AbortError } from "p-retry";
import { Configuration, CountryCode, PlaidApi, PlaidEnvironments, Products } from "plaid";
import { z } from "zod";
import type { PlaidLimiter } from "../cache/plaid-limiter.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { Log } from "../telemetry/log.ts";
import { spans } from "../telemetry/spans.ts";
import type { TimeLimits } from "../time-limits.ts";
import { Secret } from "../vault/secret.ts";
import { busy, toPlaidFailure, unanswered } from "./plaid-error.ts";
import { rateLimits } from "./rate-limits.ts";
import { timeLimitSignal } from "./time-limit-signal.ts";

/** An account as the bank gives it; money already a decimal string. */
export interface PlaidAccount {
  accountId: string;
  persistentAccountId: string | null;
  name: string;
  officialName: string | null;
  mask: string | null;
  type: string;
  subtype: string | null;
  balances: {
    current: string | null;
    available: string | null;
    limit: string | null;
    currency: string | null;
  };
}

/** A transaction as Plaid gives it: a positive amount is money that left the account. */
export interface PlaidTransaction {
  id: string;
  accountId: string;
  /** A calendar day: YYYY-MM-DD. */
  date: string;
  amount: string;
  currency: string | null;
  name: string;
  merchant: string | null;
  category: string | null;
  pending: boolean;
  /** The pending transaction that this one has taken the place of. */
  pendingId: string | null;
}

export interface PlaidTransactionsPage {
  /** New and changed ones alike. */
  upserted: PlaidTransaction[];
  removed: string[];
  accounts: PlaidAccount[];
  nextCursor: string;
  hasMore: boolean;
  notReady: boolean;
  complete: boolean;
}

/** A public key, as JWK: https://www.rfc-editor.org/rfc/rfc7517 */
export interface PlaidWebhookKey {
  kty: "EC";
  crv: "P-256";
  x: string;
  y: string;
}

/** What each call takes beside its own arguments: when the flow's deadline is over, so are its tries. */
interface CallOptions {
  signal?: AbortSignal;
}

/**
 * The one door to Plaid. Every call has a time-out, every answer is checked, and every failure is a
 * `FiscilityError` that carries Plaid's error_type, error_code and request_id and no token. Calls
 * keep below Plaid's published limits, counted with the other nodes; what may succeed when asked
 * again is asked up to three times, with backoff and jitter, honouring Retry-After.
 */
export interface PlaidDoor {
  /**
   * `expiration` is ISO 8601 UTC. With the `accessToken` of an Item Link opens in update mode.
   * https://plaid.com/docs/api/link/#linktokencreate
   */
  createLinkToken(
    input: {
      userId: string;
      redirectUri: string;
      /** Where Plaid is to tell of the Item; left out where it cannot reach us. */
      webhook?: string | undefined;
      /** Opens update mode for this Item, in which the person may choose its accounts anew. */
      update?: { accessToken: Secret; choosesAccounts: boolean } | undefined;
    },
    options?: CallOptions,
  ): Promise<{ linkToken: string; expiration: string; requestId: string }>;
  /**
   * A `public_token_invalid` whose `plaid.mayHaveActed` is true may be the answer to a retry of an
   * exchange that succeeded. https://plaid.com/docs/api/items/#itempublic_tokenexchange
   */
  exchangePublicToken(
    publicToken: string,
    options?: CallOptions,
  ): Promise<{ accessToken: Secret; plaidItemId: string; requestId: string }>;
  /** https://plaid.com/docs/api/accounts/#accountsget */
  getAccounts(
    accessToken: Secret,
    options?: CallOptions,
  ): Promise<{
    accounts: PlaidAccount[];
    institution: { id: string | null; name: string };
    requestId: string;
  }>;
  /** Whether the bank asks for a new log-in. https://plaid.com/docs/api/items/#itemget */
  getItem(
    accessToken: Secret,
    options?: CallOptions,
  ): Promise<{ errorCode: string | null; requestId: string }>;
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
   * The public key of this id that Plaid signs webhooks with (a JWK, P-256), null when there is none
   * or it has expired. https://plaid.com/docs/api/webhooks/webhook-verification/
   */
  getWebhookKey(keyId: string, options?: CallOptions): Promise<PlaidWebhookKey | null>;
  /** Ends an Item. One that Plaid no longer knows counts as removed. https://plaid.com/docs/api/items/#itemremove */
  removeItem(accessToken: Secret, options?: CallOptions): Promise<{ requestId: string | null }>;
}

/** A call that Plaid did not answer, or answered with 429 or 5xx, is sent again so often. */
const retries = 2;

/** Transactions asked for at once: the most that Plaid gives. */
const pageSize = 500;

/** A call that our own count of Plaid's limits held back. */
const notAsked = { ...unanswered("RATE_LIMIT_OWN_COUNT"), mayHaveActed: false };

const requestId = z.string();
/** Plaid sends JSON numbers. JavaScript prints the shortest decimal that reads back the same, which for a balance is the bank's own. */
const amount = z
  .number()
  .refine((value) => Number.isFinite(value) && Math.abs(value) < 1e15)
  .transform(toDecimal);
const money = amount.nullish().transform((value) => value ?? null);
const orNull = z
  .string()
  .nullish()
  .transform((value) => value ?? null);

/** Exponents (1e-7) are written out: PostgreSQL and our contract take plain decimals. */
export function toDecimal(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return text;
  return value.toFixed(20).replace(/\.?0+$/, "");
}

const linkTokenAnswer = z.object({
  link_token: z.string().min(1),
  expiration: z.iso.datetime({ offset: true }),
  request_id: requestId,
});
const exchangeAnswer = z.object({
  access_token: z.string().min(1),
  item_id: z.string().min(1),
  request_id: requestId,
});
const account = z
  .object({
    account_id: z.string().min(1),
    persistent_account_id: orNull,
    name: z.string(),
    official_name: orNull,
    mask: orNull,
    type: z.string(),
    subtype: orNull,
    balances: z.object({
      current: money,
      available: money,
      limit: money,
      iso_currency_code: orNull,
      unofficial_currency_code: orNull,
    }),
  })
  .transform(
    ({ balances, ...given }): PlaidAccount => ({
      accountId: given.account_id,
      persistentAccountId: given.persistent_account_id,
      name: given.name,
      officialName: given.official_name,
      mask: given.mask,
      type: given.type,
      subtype: given.subtype,
      balances: {
        current: balances.current,
        available: balances.available,
        limit: balances.limit,
        currency: balances.iso_currency_code ?? balances.unofficial_currency_code,
      },
    }),
  );
const transaction = z
  .object({
    transaction_id: z.string().min(1),
    account_id: z.string().min(1),
    date: z.iso.date(),
    amount,
    iso_currency_code: orNull,
    unofficial_currency_code: orNull,
    name: z.string().nullish(),
    merchant_name: orNull,
    personal_finance_category: z.object({ primary: z.string() }).nullish(),
    pending: z.boolean(),
    pending_transaction_id: orNull,
  })
  .transform(
    (given): PlaidTransaction => ({
      id: given.transaction_id,
      accountId: given.account_id,
      date: given.date,
      amount: given.amount,
      currency: given.iso_currency_code ?? given.unofficial_currency_code,
      name: given.name ?? given.merchant_name ?? "",
      merchant: given.merchant_name,
      category: given.personal_finance_category?.primary ?? null,
      pending: given.pending,
      pendingId: given.pending_transaction_id,
    }),
  );
const transactionsAnswer = z.object({
  added: z.array(transaction),
  modified: z.array(transaction),
  removed: z.array(z.object({ transaction_id: z.string() })),
  accounts: z.array(account),
  next_cursor: z.string(),
  has_more: z.boolean(),
  transactions_update_status: z.string().nullish(),
});
const accountsAnswer = z.object({
  accounts: z.array(account).min(1),
  item: z.object({ institution_id: z.string().nullish(), institution_name: z.string().nullish() }),
  request_id: requestId,
});
const itemAnswer = z.object({
  item: z.object({ error: z.object({ error_code: z.string() }).nullish() }),
  request_id: requestId,
});
const webhookKeyAnswer = z.object({
  key: z.object({
    kty: z.literal("EC"),
    crv: z.literal("P-256"),
    x: z.string(),
    y: z.string(),
    expired_at: z.number().nullish(),
  }),
});
const institutionAnswer = z.object({ institution: z.object({ name: z.string().min(1) }) });

/** `standIn` is another host that speaks Plaid (the local sandbox), without a trailing slash. */
export function createPlaidDoor(
  config: {
    clientId: string;
    secret: Secret;
    env: "sandbox" | "production";
    standIn: string | undefined;
  },
  limiter: PlaidLimiter,
  log: Log,
  limits: Pick<TimeLimits, "plaidCall" | "plaidBackoff" | "plaidWait">,
): PlaidDoor {
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

  /** Sends `path`, checks the answer, and asks again where that may help. */
  async function call<T>(
    path: string,
    answer: z.ZodType<T>,
    send: (options: { signal: AbortSignal }) => Promise<{ data: unknown }>,
    { signal }: CallOptions,
    accessToken?: Secret,
  ): Promise<T> {
    let last: FiscilityError | undefined;
    const once = async () => {
      // The deadline ends the tries, never an answer that has come: it may hold an access_token.
      if (signal?.aborted) throw new AbortError(last ?? toPlaidFailure(signal.reason));
      await takeTurn(path, accessToken);
      try {
        const limit = timeLimitSignal(limits.plaidCall);
        const either = signal ? AbortSignal.any([signal, limit]) : limit;
        return await told(path, async () => answer.parse((await send({ signal: either })).data));
      } catch (error) {
        const failure: FiscilityError = error as FiscilityError;
        // Whatever this try was told, one before it may have acted.
        if (failure.plaid && last?.plaid?.mayHaveActed) failure.plaid.mayHaveActed = true;
        last = failure;
        throw failure;
      }
    };
    return pRetry(once, {
      retries,
      minTimeout: limits.plaidBackoff,
      randomize: true,
      shouldRetry: ({ error }) =>
        error instanceof FiscilityError &&
        (error.reason === "busy" || error.reason === "plaid_unavailable") &&
        (error.plaid?.retryAfter ?? 0) * 1000 <= limits.plaidWait &&
        signal?.aborted !== true,
      onFailedAttempt: async ({ error, retriesLeft }) => {
        const wait = error instanceof FiscilityError ? (error.plaid?.retryAfter ?? 0) * 1000 : 0;
        if (retriesLeft === 0 || wait === 0 || wait > limits.plaidWait) return;
        await sleep(wait, undefined, { signal }).catch(() => {});
      },
    });
  }

  /** Sends once, as a span and a line of the log. Errors: whatever Plaid's failure means here. */
  function told<T>(path: string, send: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const tell = (outcome: string) =>
      log.debug({ event: "plaid_call", path, outcome, ms: performance.now() - started }, "Plaid");
    return spans.inSpan(`plaid ${path}`, {}, async () => {
      try {
        const data = await send();
        tell("ok");
        return data;
      } catch (error) {
        const failure = toPlaidFailure(error);
        tell(failure.reason);
        throw failure;
      }
    });
  }

  /** Counts the call against Plaid's limits. Errors: `busy` where they have no room for it. */
  async function takeTurn(path: string, accessToken: Secret | undefined): Promise<void> {
    const limit = rateLimits[path];
    if (!limit) return;
    const turns = [limiter(`${path} ${config.clientId}`, limit.perClient)];
    if (limit.perItem && accessToken) {
      const item = createHash("sha256").update(accessToken.reveal()).digest("base64url");
      turns.push(limiter(`${path} ${item}`, limit.perItem));
    }
    const wait = Math.max(...(await Promise.all(turns)));
    if (wait > 0) throw busy({ ...notAsked, retryAfter: wait / 1000 });
  }

  async function institutionName(id: string, options: CallOptions): Promise<string> {
    const { institution } = await call(
      "/institutions/get_by_id",
      institutionAnswer,
      (request) =>
        api.institutionsGetById({ institution_id: id, country_codes: [CountryCode.Us] }, request),
      options,
    );
    return institution.name;
  }

  return {
    async createLinkToken({ userId, redirectUri, webhook, update }, options = {}) {
      const data = await call(
        "/link/token/create",
        linkTokenAnswer,
        (request) =>
          api.linkTokenCreate(
            {
              client_name: "Fiscility",
              language: "en",
              country_codes: [CountryCode.Us],
              user: { client_user_id: userId },
              redirect_uri: redirectUri,
              ...(webhook ? { webhook } : {}),
              // Update mode takes the Item as it is, without products.
              ...(update
                ? {
                    access_token: update.accessToken.reveal(),
                    update: { account_selection_enabled: update.choosesAccounts },
                  }
                : { products: [Products.Transactions] }),
            },
            request,
          ),
        options,
      );
      return {
        linkToken: data.link_token,
        expiration: new Date(data.expiration).toISOString(),
        requestId: data.request_id,
      };
    },

    async exchangePublicToken(publicToken, options = {}) {
      const data = await call(
        "/item/public_token/exchange",
        exchangeAnswer,
        (request) => api.itemPublicTokenExchange({ public_token: publicToken }, request),
        options,
      );
      return {
        accessToken: new Secret(data.access_token),
        plaidItemId: data.item_id,
        requestId: data.request_id,
      };
    },

    async getAccounts(accessToken, options = {}) {
      const data = await call(
        "/accounts/get",
        accountsAnswer,
        (request) => api.accountsGet({ access_token: accessToken.reveal() }, request),
        options,
        accessToken,
      );
      const institutionId = data.item.institution_id ?? null;
      const name =
        data.item.institution_name ??
        (institutionId === null ? "Bank" : await institutionName(institutionId, options));
      return {
        accounts: data.accounts,
        institution: { id: institutionId, name },
        requestId: data.request_id,
      };
    },

    async getItem(accessToken, options = {}) {
      const data = await call(
        "/item/get",
        itemAnswer,
        (request) => api.itemGet({ access_token: accessToken.reveal() }, request),
        options,
        accessToken,
      );
      return { errorCode: data.item.error?.error_code ?? null, requestId: data.request_id };
    },

    async syncTransactions(accessToken, cursor, options = {}) {
      const data = await call(
        "/transactions/sync",
        transactionsAnswer,
        (request) =>
          api.transactionsSync(
            { access_token: accessToken.reveal(), count: pageSize, ...(cursor ? { cursor } : {}) },
            request,
          ),
        options,
        accessToken,
      );
      const status = data.transactions_update_status;
      return {
        upserted: [...data.added, ...data.modified],
        removed: data.removed.map((gone) => gone.transaction_id),
        accounts: data.accounts,
        nextCursor: data.next_cursor,
        hasMore: data.has_more,
        notReady: status === "NOT_READY" || data.next_cursor === "",
        complete: status === "HISTORICAL_UPDATE_COMPLETE",
      };
    },

    async getWebhookKey(keyId, options = {}) {
      try {
        const { key } = await call(
          "/webhook_verification_key/get",
          webhookKeyAnswer,
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

    async removeItem(accessToken, options = {}) {
      try {
        const data = await call(
          "/item/remove",
          z.object({ request_id: requestId }),
          (request) => api.itemRemove({ access_token: accessToken.reveal() }, request),
          options,
          accessToken,
        );
        return { requestId: data.request_id };
      } catch (error) {
        if (!(error instanceof FiscilityError)) throw error;
        const known: FiscilityError = error;
        if (known.plaid?.errorCode !== "ITEM_NOT_FOUND") throw known;
        return { requestId: known.plaid.requestId };
      }
    },
  };
}
