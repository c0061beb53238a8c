import { createTRPCClient, httpBatchLink, TRPCClientError } from "@trpc/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AppRouter } from "../../server/api/router.ts";
import { startTestApp, type TestApp } from "../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app?.close());

const clientOf = (cookie: string) =>
  createTRPCClient<AppRouter>({
    links: [httpBatchLink({ url: `${app.url}/trpc`, headers: { cookie } })],
  });

test("S1 S3 the typed client makes a link_token, connects, and reads accounts, plan and activity", async () => {
  const client = clientOf((await app.signUp("analyst")).cookie);
  expect((await client.plaid.createLinkToken.mutate()).linkToken).toMatch(/^link-sandbox-/);
  const publicToken = await app.publicToken();
  const connected = await client.connectAccount.mutate({ publicToken });
  expect(connected.outcome).toBe("connected");
  const [list, plan, activity] = await Promise.all([
    client.accounts.list.query(),
    client.plan.get.query(),
    client.activity.list.query(),
  ]);
  expect(list.items[0]?.accounts).toEqual(connected.accounts);
  expect(plan.accountsUsed).toBe(connected.accounts.length);
  expect(activity.entries.map((entry) => entry.kind)).toEqual(["connected"]);
});

test("R7 a refusal reaches the typed client with its reason and requestId", async () => {
  const error = await clientOf("")
    .accounts.list.query()
    .catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(TRPCClientError);
  const { data } = error as TRPCClientError<AppRouter>;
  expect([data?.httpStatus, data?.reason]).toEqual([401, "unauthenticated"]);
  expect(data?.requestId).toMatch(/^[0-9a-f-]{36}$/);
});
