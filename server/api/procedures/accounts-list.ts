import { listAccounts } from "../../accounts/list-accounts.ts";
import { accountsListOutput } from "../../contracts/accounts.ts";
import { procedure } from "../trpc.ts";

export const accountsList = procedure({
  summary: "Every connected bank with its accounts and balances, newest bank first.",
  scope: "accounts:read",
  rest: "GET /accounts",
  cached: accountsListOutput,
}).query(({ ctx }) => listAccounts(ctx.services, ctx.user));
