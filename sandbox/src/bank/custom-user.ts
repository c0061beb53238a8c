/**
 * Plaid's custom Sandbox users: username `user_custom`, and the configuration as the password
 * (https://plaid.com/docs/sandbox/user-custom/). The fields this stand-in uses are below; others
 * are accepted and not used.
 */
import type { ValidateFunction } from "ajv";
import { plaidAjv, readOpenApiDocument } from "../plaid/openapi-schemas.ts";
import { PlaidError } from "../plaid/plaid-error.ts";
import type { AccountTemplate } from "./account-profiles.ts";

export interface CustomTransaction {
  date_transacted: string;
  date_posted: string;
  amount: number;
  description: string;
  currency?: string;
}

export interface CustomUser {
  override_accounts: {
    type: AccountTemplate["type"];
    subtype: string;
    starting_balance?: number;
    currency?: string;
    meta?: { name?: string; official_name?: string; mask?: string; limit?: number };
    transactions?: CustomTransaction[];
  }[];
}

const TEXT = { type: "string", minLength: 1, maxLength: 1000 };
const CURRENCY = { type: "string", pattern: "^[A-Z]{3}$" };
const AMOUNT = { type: "number", minimum: -1e12, maximum: 1e12 };
const DATE = { type: "string", format: "date" };
const SCHEMA = {
  type: "object",
  required: ["override_accounts"],
  properties: {
    override_accounts: {
      type: "array",
      minItems: 1,
      maxItems: 100,
      items: {
        type: "object",
        required: ["type", "subtype"],
        properties: {
          type: { enum: ["depository", "credit", "loan", "investment", "other"] },
          subtype: { type: "string", $ref: "plaid#/components/schemas/AccountSubtype" },
          starting_balance: AMOUNT,
          currency: CURRENCY,
          meta: {
            type: "object",
            properties: { name: TEXT, official_name: TEXT, mask: TEXT, limit: AMOUNT },
          },
          transactions: {
            type: "array",
            items: {
              type: "object",
              required: ["date_transacted", "date_posted", "amount", "description"],
              properties: {
                date_transacted: DATE,
                date_posted: DATE,
                amount: AMOUNT,
                description: TEXT,
                currency: CURRENCY,
              },
            },
          },
        },
      },
    },
  },
};

let compiled: ValidateFunction<CustomUser> | undefined;

/** Parses the password of `user_custom`. Throws INVALID_CREDENTIALS with the reason. */
export function parseCustomUser(password: string): CustomUser {
  let value: unknown;
  try {
    value = JSON.parse(password);
  } catch {
    throw refuse("it is not JSON");
  }
  compiled ??= plaidAjv(readOpenApiDocument("openapi-subset"), false).compile<CustomUser>(SCHEMA);
  if (compiled(value)) return value;
  const [problem] = compiled.errors ?? [];
  throw refuse(`${problem?.instancePath.slice(1).replaceAll("/", ".")} ${problem?.message}`.trim());
}

/** The accounts of a custom user. */
export function customAccounts(custom: CustomUser): AccountTemplate[] {
  return custom.override_accounts.map((account, index) => {
    const balance = account.starting_balance ?? 0;
    const deposit = account.type === "depository";
    return {
      name: account.meta?.name ?? `Plaid ${account.subtype}`,
      official_name: account.meta?.official_name ?? null,
      type: account.type,
      subtype: account.subtype,
      current: [balance, balance],
      held: deposit ? 0 : null,
      currency: account.currency ?? "USD",
      mask: account.meta?.mask ?? String(index).repeat(4).slice(0, 4),
      ...(account.meta?.limit === undefined ? {} : { limit: account.meta.limit }),
    };
  });
}

function refuse(reason: string): PlaidError {
  return new PlaidError("INVALID_CREDENTIALS", `custom user configuration is invalid: ${reason}`);
}
