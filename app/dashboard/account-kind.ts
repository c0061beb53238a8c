import { words } from "./kind-words.ts";

/** Returns Plaid's type and subtype as text: "depository", "money market" -> "Money market". */
export function accountKind(type: string, subtype: string | null): string {
  const name = (subtype || type).toLowerCase();
  return words[name] ?? name.charAt(0).toLocaleUpperCase("en-US") + name.slice(1);
}

/**
 * Whether a positive balance is money the user owes. https://plaid.com/docs/api/accounts/#account-type-schema
 */
export function isDebt(type: string): boolean {
  return type === "credit" || type === "loan";
}
