import { expect, onTestFinished } from "vitest";
import type { LiveChange } from "../../client/src/index.ts";
import {
  type Account,
  createClient,
  type FiscilityClient,
  isFiscilityError,
} from "../../client/src/index.ts";
import { createSandbox } from "../../client/src/sandbox.ts";
import { createMockFetch, createStubClient, fiscilityError } from "../../client/src/testing.ts";
import { createApiKey } from "../../server/auth/api-keys.ts";
import { scope } from "../../server/contracts/api-keys.ts";
import { reasons } from "../../server/contracts/errors.ts";
import { startWorker } from "../../server/jobs/worker.ts";
import { failure, quick, someKey } from "../support/client.ts";
import { testWithApp } from "../support/fixtures.ts";

const test = testWithApp();

/** An example of a user's own code. */
const ownCode = async (client: FiscilityClient, publicToken: string): Promise<string> => {
  try {
    const { outcome, accounts } = await client.connectAccount.mutate({ publicToken });
    return `${outcome}: ${accounts.map(({ name }: Account) => name).join(", ")}`;
  } catch (error) {
    if (!isFiscilityError(error)) throw error;
    return error.reason === "limit_reached" ? `only ${error.limit} fit` : error.reason;
  }
};

test("A stub client gets its responses from its handlers, for queries of one tick each with its own input", async () => {
  const client = createStubClient({
    accounts: { list: () => ({ items: [] }) },
    transactions: {
      list: ({ search }) => ({ transactions: [], nextCursor: search ?? null }),
    },
    connectAccount: async ({ publicToken }) => {
      if (publicToken === "public-full") throw fiscilityError("limit_reached", { limit: 7 });
      return { outcome: "already_connected", item: {} as never, accounts: [] };
    },
    account: { download: (format) => `as ${format}` },
  });
  const [accounts, one, two] = await Promise.all([
    client.accounts.list.query(),
    client.transactions.list.query({ search: "one" }),
    client.transactions.list.query({ search: "two" }),
  ]);
  expect([accounts.items, one.nextCursor, two.nextCursor]).toEqual([[], "one", "two"]);
  expect(await ownCode(client, "public-x")).toBe("already_connected: ");
  expect(await ownCode(client, "public-full")).toBe("only 7 fit");
  const download = await client.account.download("ndjson");
  expect(await new Response(download).text()).toBe("as ndjson");
});

test("A call without a handler fails with its name, and so does a handler that throws", async () => {
  const client = createStubClient({
    plan: {
      get: () => {
        throw new TypeError("oops");
      },
    },
  });
  expect((await failure(client.accounts.list.query())).message).toBe(
    "The test has no handler for accounts.list.",
  );
  const broken = await failure(client.plan.get.query());
  expect(broken.message).toBe("The test's handler for plan.get threw: TypeError: oops");
});

test("fiscilityError creates an error of each reason, which a handler can throw and the caller gets unchanged", async () => {
  const ofClient = [
    ...["unreachable", "timed_out", "aborted", "unexpected_response", "unknown_reason"],
    "invalid_options",
  ];
  for (const reason of [...Object.keys(reasons), ...ofClient] as (keyof typeof reasons)[]) {
    const made = fiscilityError(reason);
    expect(isFiscilityError(made)).toBe(true);
    expect(made.reason).toBe(reason);
    const client = createStubClient({
      activity: {
        list: () => {
          throw made;
        },
      },
    });
    expect({ ...(await failure(client.activity.list.query())) }).toEqual({ ...made });
  }
  expect(fiscilityError("rate_limited", { retryAfterSeconds: 9 }).retryAfterSeconds).toBe(9);
});

test("A stub client's stream yields its events, fails as its handler does, and ends", async () => {
  const follow = (events: () => Iterable<{ id: string; data: LiveChange }>) =>
    new Promise<unknown[]>((resolve) => {
      const seen: unknown[] = [];
      createStubClient({ live: { changes: events } }).live.changes.subscribe(undefined, {
        onData: ({ id }) => seen.push(id),
        onError: ({ reason }) => resolve([...seen, reason]),
        onComplete: () => resolve([...seen, "complete"]),
      });
    });
  const event = (id: number) => ({ id: String(id), data: { dataVersion: id, changed: null } });
  expect(await follow(() => [event(1), event(2)])).toEqual(["1", "2", "complete"]);
  expect(
    await follow(function* () {
      yield event(3);
      throw fiscilityError("api_key_revoked");
    }),
  ).toEqual(["3", "api_key_revoked"]);
});

test("A mock fetch serves a client that the code under test creates, with its retries", async () => {
  let calls = 0;
  const fetch = createMockFetch({
    plan: {
      get: () => {
        calls++;
        if (calls === 1) throw fiscilityError("busy", { retryAfterSeconds: 0 });
        return { plan: {} as never, accountsUsed: 3, plans: [] };
      },
    },
  });
  const client = createClient({ baseUrl: "https://x.example", apiKey: someKey, fetch });
  expect((await client.plan.get.query()).accountsUsed).toBe(3);
  expect(calls).toBe(2);
});

test("The sandbox entry creates a bank, changes its transactions, ends its log-in, and makes Plaid fail", async ({
  app,
}) => {
  const worker = await startWorker(app.services);
  onTestFinished(() => worker.stop());
  const ada = await app.signUp("analyst");
  const input = { name: "Key", scopes: scope.options, expiresInDays: 1 };
  const { key } = await createApiKey(app.services.db, ada.id, input);
  const client = quick(app.url, { apiKey: key });
  const sandbox = createSandbox({
    url: app.sandboxUrl,
    clientId: app.env.PLAID_CLIENT_ID as string,
    secret: app.env.PLAID_SECRET as string,
    webhook: `${app.url}/plaid/webhook`,
  });
  const bank = await sandbox.createBank();
  await sandbox.fail({
    path: "/item/public_token/exchange",
    times: 1,
    do: { error: "INVALID_PUBLIC_TOKEN" },
  });
  expect(await ownCode(client, bank.publicToken)).toBe("public_token_invalid");
  await sandbox.clearFaults();

  const second = await sandbox.createBank({ institutionId: "ins_109509" });
  expect(await ownCode(client, second.publicToken)).toMatch(/^connected: /);
  const count = async () => {
    const rows = await app.query("select count(*)::int as n from transactions where user_id = $1", [
      ada.id,
    ]);
    return rows[0]?.n as number;
  };
  await expect.poll(count).toBeGreaterThan(10);
  const before = await count();
  await second.changeTransactions({ added: 3 });
  await expect.poll(count).toBe(before + 3);
  await second.resetLogin();
  const status = async () => (await client.accounts.list.query()).items[0]?.status;
  await expect.poll(status).toBe("login_required");
  await expect(second.setError("NO_SUCH_CODE")).rejects.toThrow(/local Plaid: .*error_code/);
});
