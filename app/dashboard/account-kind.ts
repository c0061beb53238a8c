/** Subtypes that are not written by capitalizing their first letter. */
const written: Record<string, string> = {
  "401a": "401(a)",
  "401k": "401(k)",
  "403b": "403(b)",
  "457b": "457(b)",
  "529": "529 plan",
  cd: "Certificate of deposit",
  hsa: "HSA",
  ira: "IRA",
  isa: "ISA",
  paypal: "PayPal",
  roth: "Roth IRA",
  "roth 401k": "Roth 401(k)",
  tfsa: "TFSA",
};

/** Returns Plaid's type and subtype as text: "depository", "money market" -> "Money market". */
export function accountKind(type: string, subtype: string | null): string {
  const name = (subtype || type).toLowerCase();
  return written[name] ?? name.charAt(0).toLocaleUpperCase("en-US") + name.slice(1);
}

/**
 * Whether a positive balance is money the user owes. https://plaid.com/docs/api/accounts/#account-type-schema
 */
export function isDebt(type: string): boolean {
  return type === "credit" || type === "loan";
}
