import type { Schema } from "./json-schema.ts";

const uuid = "7f2c1d9e-3b54-4c1a-9a0e-5d8f6b7c2e10";

/** Example values by field name, or by the parent's name and the field's where the name is ambiguous. */
const samples: Record<string, unknown> = {
  public_token: "public-sandbox-8ab976e6-64bc-4b38-98f7-731e7a349970",
  link_token: "link-sandbox-33792986-2b9c-4b80-b1f2-518caaac6183",
  hosted_link_url:
    "https://hosted.plaid.com/link/link-sandbox-33792986-2b9c-4b80-b1f2-518caaac6183",
  completion_redirect_uri: "https://your-app.example/connected",
  name: "Plaid Checking",
  official_name: "Plaid Gold Standard 0% Interest Checking",
  mask: "0000",
  subtype: "checking",
  "accounts.type": "depository",
  "account.type": "depository",
  "institution.id": "ins_109508",
  "institution.name": "First Platypus Bank",
  institution_name: "First Platypus Bank",
  current: "110.00",
  available: "100.00",
  currency: "USD",
  date: "2026-11-28",
  amount: "12.34",
  "transactions.id": "lPNjeW1nR6CDn5okmGQ6hEpMo4lLNoSrzqDje",
  "transactions.name": "Uber 063015 SF**POOL**",
  merchant: "Uber",
  category: "TRANSPORTATION",
  next_cursor: "WyIyMDI2LTExLTI4IiwibFBOamVXMW5SNkNEbjVva20iXQ",
  confirmation: "disconnect First Platypus Bank",
  month: "2026-11",
  "plan.id": "analyst",
  "plan.name": "Analyst",
  "plans.id": "analyst",
  "plans.name": "Analyst",
  price_monthly: "29.00",
  max_accounts: 25,
  accounts_used: 3,
  kind: undefined,
  account_count: 3,
  event_name: "OPEN",
  link_session_id: "6f7c8d9e-0a1b-4c2d-8e3f-4a5b6c7d8e9f",
  "api_keys.id": "0123456789abcdef",
  "api_key.id": "0123456789abcdef",
  prefix: "fsk_0123456789abcdef",
  key: "fsk_…",
  password: "correct horse battery staple",
  code: "123456",
  plan: "analyst",
  limit: "500.00",
};

/** Fields that are null in examples when they may be, because nothing is wrong there. */
const usuallyNull = new Set(["problem", "reason", "clean_up", "retry_at", "expires_at", "limit"]);

/**
 * Returns a value that matches the schema: with all fields of a response (`whole`), but only the required
 * ones of a request. `schemas` are the named schemas it refers to.
 */
export function exampleOf(
  schema: Schema,
  schemas: Record<string, Schema>,
  whole: boolean,
  field = "",
  parent = "",
): unknown {
  const inner = (next: Schema, name = field, above = parent) =>
    exampleOf(next, schemas, whole, name, above);
  const { $ref, const: value, enum: values, anyOf, oneOf, type, format } = schema;
  if ($ref) return inner(schemas[$ref.slice($ref.lastIndexOf("/") + 1)] ?? {});
  if (value !== undefined) return value;
  const choices = (anyOf ?? oneOf) as Schema[] | undefined;
  const types = Array.isArray(type) ? type : [type];
  const mayBeNull = types.includes("null") || choices?.some((each) => each.type === "null");
  if (mayBeNull && usuallyNull.has(field)) return null;
  if (choices) return inner(choices[0] ?? {});
  if (values) return values[0];
  if (type === "array") return schema.items ? [inner(schema.items as Schema)] : [];
  if (type === "object") {
    const fields = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
    return Object.fromEntries(
      fields
        .filter(([name]) => whole || schema.required?.includes(name))
        .map(([name, each]) => [name, inner(each, name, field)]),
    );
  }
  const sample = samples[`${parent}.${field}`] ?? samples[field];
  if (sample !== undefined && types.some((each) => isOf(sample, each))) return sample;
  if (types.includes("integer") || types.includes("number"))
    return schema.minimum === 1 || schema.exclusiveMinimum === 0 ? 1 : 0;
  if (types.includes("boolean")) return false;
  if (format === "uuid") return uuid;
  if (format === "date-time") return "2026-11-28T09:30:00.000Z";
  if (format === "date") return "2026-11-28";
  if (format === "email") return "ada@example.com";
  return schema.pattern ? "0.00" : "…";
}

const isOf = (sample: unknown, type: unknown) =>
  typeof sample === (type === "integer" ? "number" : type);
