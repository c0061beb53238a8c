import { Configuration, CountryCode, PlaidApi, PlaidEnvironments, Products } from "plaid";
import { z } from "zod";
import { FiscilityError } from "../contracts/errors.ts";
import { timeLimits } from "../time-limits.ts";
import { Secret } from "../vault/secret.ts";
import { toPlaidFailure } from "./plaid-error.ts";

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

/** What each call takes beside its own arguments: when the flow's deadline is over, so is the call. */
interface CallOptions {
  signal?: AbortSignal;
}

/**
 * The one door to Plaid. Every call has a time-out, every answer is checked, and every failure is a
 * `FiscilityError` that carries Plaid's error_type, error_code and request_id and no token.
 */
export interface PlaidDoor {
  /** https://plaid.com/docs/api/link/#linktokencreate; `expiration` is ISO 8601 UTC. */
  createLinkToken(
    input: { userId: string; redirectUri: string },
    options?: CallOptions,
  ): Promise<{ linkToken: string; expiration: string; requestId: string }>;
  /** https://plaid.com/docs/api/items/#itempublic_tokenexchange */
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
  /** Ends an Item. One that Plaid no longer knows counts as removed. https://plaid.com/docs/api/items/#itemremove */
  removeItem(accessToken: Secret, options?: CallOptions): Promise<void>;
}

const requestId = z.string();
/** Plaid sends JSON numbers. JavaScript prints the shortest decimal that reads back the same, which for a balance is the bank's own. */
const money = z
  .number()
  .refine((value) => Number.isFinite(value) && Math.abs(value) < 1e15)
  .transform(toDecimal)
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
const accountsAnswer = z.object({
  accounts: z
    .array(
      z.object({
        account_id: z.string().min(1),
        persistent_account_id: z.string().nullish(),
        name: z.string(),
        official_name: z.string().nullish(),
        mask: z.string().nullish(),
        type: z.string(),
        subtype: z.string().nullish(),
        balances: z.object({
          current: money,
          available: money,
          limit: money,
          iso_currency_code: z.string().nullish(),
          unofficial_currency_code: z.string().nullish(),
        }),
      }),
    )
    .min(1),
  item: z.object({ institution_id: z.string().nullish(), institution_name: z.string().nullish() }),
  request_id: requestId,
});
const institutionAnswer = z.object({ institution: z.object({ name: z.string().min(1) }) });

/** `standIn` is another host that speaks Plaid (the local sandbox), without a trailing slash. */
export function createPlaidDoor(config: {
  clientId: string;
  secret: string;
  env: "sandbox" | "production";
  standIn: string | undefined;
}): PlaidDoor {
  const basePath = config.standIn ?? PlaidEnvironments[config.env];
  if (!basePath) throw new Error(`Plaid has no environment ${config.env}`);
  const api = new PlaidApi(
    new Configuration({
      basePath,
      baseOptions: {
        timeout: timeLimits.plaidCall,
        headers: {
          "PLAID-CLIENT-ID": config.clientId,
          "PLAID-SECRET": config.secret,
          "Plaid-Version": "2020-09-14",
        },
      },
    }),
  );

  async function call<T>(answer: z.ZodType<T>, send: () => Promise<{ data: unknown }>): Promise<T> {
    try {
      const { data } = await send();
      return answer.parse(data);
    } catch (error) {
      throw toPlaidFailure(error);
    }
  }

  async function institutionName(id: string, options: CallOptions): Promise<string> {
    const { institution } = await call(institutionAnswer, () =>
      api.institutionsGetById(
        { institution_id: id, country_codes: [CountryCode.Us] },
        { signal: options.signal },
      ),
    );
    return institution.name;
  }

  return {
    async createLinkToken({ userId, redirectUri }, options = {}) {
      const data = await call(linkTokenAnswer, () =>
        api.linkTokenCreate(
          {
            client_name: "Fiscility",
            language: "en",
            country_codes: [CountryCode.Us],
            products: [Products.Transactions],
            user: { client_user_id: userId },
            redirect_uri: redirectUri,
          },
          { signal: options.signal },
        ),
      );
      return {
        linkToken: data.link_token,
        expiration: new Date(data.expiration).toISOString(),
        requestId: data.request_id,
      };
    },

    async exchangePublicToken(publicToken, options = {}) {
      const data = await call(exchangeAnswer, () =>
        api.itemPublicTokenExchange({ public_token: publicToken }, { signal: options.signal }),
      );
      return {
        accessToken: new Secret(data.access_token),
        plaidItemId: data.item_id,
        requestId: data.request_id,
      };
    },

    async getAccounts(accessToken, options = {}) {
      const data = await call(accountsAnswer, () =>
        api.accountsGet({ access_token: accessToken.reveal() }, { signal: options.signal }),
      );
      const institutionId = data.item.institution_id ?? null;
      const name =
        data.item.institution_name ??
        (institutionId === null ? "Bank" : await institutionName(institutionId, options));
      return {
        accounts: data.accounts.map((account) => ({
          accountId: account.account_id,
          persistentAccountId: account.persistent_account_id ?? null,
          name: account.name,
          officialName: account.official_name ?? null,
          mask: account.mask ?? null,
          type: account.type,
          subtype: account.subtype ?? null,
          balances: {
            current: account.balances.current,
            available: account.balances.available,
            limit: account.balances.limit,
            currency:
              account.balances.iso_currency_code ??
              account.balances.unofficial_currency_code ??
              null,
          },
        })),
        institution: { id: institutionId, name },
        requestId: data.request_id,
      };
    },

    async removeItem(accessToken, options = {}) {
      try {
        await call(z.object({ request_id: requestId }), () =>
          api.itemRemove({ access_token: accessToken.reveal() }, { signal: options.signal }),
        );
      } catch (error) {
        const gone = error instanceof FiscilityError && error.plaid?.errorCode === "ITEM_NOT_FOUND";
        if (!gone) throw error;
      }
    },
  };
}
