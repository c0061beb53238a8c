import type { Endpoint, Subscription } from "./endpoints.ts";

/** Topics of the calls, in the order in which a new reader needs them. */
export const tags = [
  { name: "connections", description: "Connect, repair and disconnect banks." },
  { name: "accounts", description: "Banks, accounts and balances." },
  { name: "transactions", description: "Transactions and their totals." },
  { name: "insights", description: "Net worth and cash flow." },
  { name: "activity", description: "The history of the connections." },
  { name: "plan", description: "The plan and how much of it is used." },
  { name: "live", description: "Changes as they happen." },
  { name: "webhooks", description: "Changes sent to an address of the user's own." },
  { name: "account", description: "Export and delete the whole account." },
  { name: "api-keys", description: "Keys for programs. For users who are logged in." },
  { name: "security", description: "Second factors and step-ups. For users who are logged in." },
];

const byGroup: Record<string, string> = {
  plaid: "connections",
  connectAccount: "connections",
  items: "connections",
  apiKeys: "api-keys",
  session: "security",
  secondFactors: "security",
};

/** Returns the tag of a procedure, by the first part of its name. */
export function tagOf({ name }: Pick<Endpoint | Subscription, "name">): string {
  const [group = name] = name.split(".");
  const tag = byGroup[group] ?? group;
  if (!tags.some((each) => each.name === tag))
    throw new Error(`${name} needs a tag: add it to openapi-tags.ts`);
  return tag;
}
