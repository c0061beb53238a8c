import type { TestApp } from "../support/app.ts";

/** Of banks that offer more accounts than the plan holds: none of them is stored. */
const offered = [
  "Cash Back Card",
  "Rainy Day Savings",
  "Plaid Checking",
  "Plaid Saving",
  "Plaid CD",
  "Plaid Credit Card",
];

/** What users and banks have named: it is shown as it is in every language. */
export async function readData(app: TestApp): Promise<string[]> {
  const rows = await app.query(
    `select institution_name as name from items union select problem_message from items
     union select name from accounts union select chosen_name from accounts union select official_name from accounts
     union select name from unconnected_accounts union select official_name from unconnected_accounts union select mask from accounts
     union select initcap(coalesce(subtype, type)) from accounts
     union select coalesce(subtype, type) from accounts
     union select name from transactions union select merchant from transactions
     union select name from users union select email from users union select name from plans
     union select name from api_keys union select name from passkeys union select url from webhook_endpoints`,
  );
  return [...offered, ...rows.flatMap(({ name }) => name || [])];
}
