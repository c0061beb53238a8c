import { createTRPCClient, httpBatchLink, TRPCClientError } from "@trpc/client";
import { expect } from "vitest";
import type { AppRouter } from "../../server/api/router.ts";
import type { TestApp } from "../support/app.ts";
import { testWithApp } from "../support/fixtures.ts";

const test = testWithApp();

const clientOf = (app: TestApp, cookie: string) =>
  createTRPCClient<AppRouter>({
    links: [httpBatchLink({ url: `${app.url}/trpc`, headers: { cookie } })],
  });

test("The typed client creates a link_token, connects, and reads accounts, plan and activity (S1, S3)", async ({
  app,
}) => {
  const client = clientOf(app, (await app.signUp("analyst")).cookie);
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

test("The typed client receives a refusal with its reason and requestId (R7)", async ({ app }) => {
  const error = await clientOf(app, "")
    .accounts.list.query()
    .catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(TRPCClientError);
  const { data } = error as TRPCClientError<AppRouter>;
  expect([data?.httpStatus, data?.reason]).toEqual([401, "unauthenticated"]);
  expect(data?.requestId).toMatch(/^[0-9a-f-]{36}$/);
});
