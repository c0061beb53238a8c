import fc from "fast-check";
import { expect } from "vitest";
import { accessTokenOwner } from "../../db/sealed.ts";
import { rateLimits } from "../../server/plaid/rate-limits.ts";
import { quotas } from "../../server/time-limits.ts";
import { startTestApp, type TestApp, type TestUser } from "./app.ts";
import { isMatrix } from "./matrix.ts";
import { type Change, oneChange } from "./odd-values.ts";

/**
 * Responses of Plaid with one value changed: half of them to syncs, half to connections, in two files that
 * run in parallel. 10,000 in total with `MATRIX=1`. A failure prints the seed that reproduces it.
 */
export const runs = Number(process.env.MATRIX_RUNS ?? (isMatrix ? 10_000 : 40)) / 2;
const seed = Number(process.env.MATRIX_SEED ?? 20_261_128);
export const timeout = 60_000 + runs * 400;

/** Starts the app with higher rate limits than Plaid's and ours. */
export function startAppForChanges(): Promise<TestApp> {
  for (const limit of Object.values(rateLimits)) {
    limit.perClient = 1_000_000;
    if (limit.perItem) limit.perItem = 1_000_000;
  }
  // One user reads after each change, more often than a session may on a fast machine.
  const own = { ...quotas, sessionCalls: 1_000_000 };
  return startTestApp({ LOG_LEVEL: "warn" }, { limits: { plaidBackoff: 1 }, quotas: own });
}

/** What a page loads, and the pages themselves. */
const reads = ["/api/v1/accounts", "/api/v1/transactions", "/api/v1/insights/net-worth"];
const pages = ["/dashboard", "/transactions"];

/** Returns the status of each place where the user's banks and transactions are read. */
export async function statuses(
  app: TestApp,
  user: TestUser,
  paths = [...reads, ...pages],
): Promise<number[]> {
  return Promise.all(
    paths.map(async (path) => {
      const response = await fetch(`${app.url}${path}`, { headers: { cookie: user.cookie } });
      await response.arrayBuffer();
      return response.status;
    }),
  );
}

/** Expects status 200 for what a page loads, and every tenth time for the pages, which take longer. */
export function createExpectShown(app: TestApp): (user: TestUser) => Promise<void> {
  let shown = 0;
  return async (user) => {
    const paths = shown++ % 10 === 0 ? [...reads, ...pages] : reads;
    expect((await statuses(app, user, paths)).filter((status) => status !== 200)).toEqual([]);
  };
}

/** A valid response of Plaid. `keeps`: fields that must not get another valid value. */
export interface Sample {
  path: string;
  body: object;
  keeps?: string[];
}

/** Calls `check` with `runs` changes of one value of one of the samples. */
export function checkChanges(
  samples: Sample[],
  check: (path: string, change: Change) => Promise<void>,
): Promise<void> {
  const changes = fc.oneof(
    ...samples.map((sample) =>
      fc.record({ sample: fc.constant(sample), change: oneChange(sample.body) }),
    ),
  );
  return fc.assert(
    fc.asyncProperty(changes, async ({ sample: { path, keeps = [] }, change }) => {
      // A different but well-formed token or id cannot be detected, so it is excluded.
      const isAnother = typeof change.value === "string" && /^[\x21-\x7e]+$/.test(change.value);
      fc.pre(!(keeps.includes(change.path.join("/")) && isAnother));
      await check(path, change);
    }),
    { numRuns: runs, seed, endOnFailure: true, skipAllAfterTimeLimit: timeout },
  );
}

/** Calls the sandbox as the app does. */
export async function callPlaid(app: TestApp, path: string, body: object): Promise<object> {
  const response = await fetch(`${app.sandboxUrl}${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "plaid-client-id": app.env.PLAID_CLIENT_ID as string,
      "plaid-secret": app.env.PLAID_SECRET as string,
    },
    body: JSON.stringify(body),
  });
  expect(response.status, path).toBe(200);
  return (await response.json()) as object;
}

/** Returns the access_token of a connected Item. */
export async function accessTokenOf(app: TestApp, user: TestUser, itemId: string): Promise<string> {
  const [row] = await app.query("select access_token_sealed as sealed from items where id = $1", [
    itemId,
  ]);
  return app.services.vault.open(row?.sealed, accessTokenOwner(user.id, itemId)).reveal();
}

/** Returns a public_token of a bank with two accounts and six transactions. */
export function smallBank(app: TestApp): Promise<string> {
  const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
  const password = JSON.stringify({
    override_accounts: ["Checking", "Savings"].map((name, n) => ({
      type: "depository",
      subtype: name.toLowerCase(),
      starting_balance: 100 + n,
      meta: { name, mask: `000${n}` },
      transactions: [1, 2, 3].map((ago) => ({
        date_transacted: day(ago),
        date_posted: day(ago),
        currency: "USD",
        amount: ago,
        description: `Shop ${ago}`,
      })),
    })),
  });
  return app.publicToken("ins_109508", "user_custom", password);
}
