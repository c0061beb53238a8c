import { listAccounts } from "../accounts/list-accounts.ts";
import { accountsListOutput } from "../contracts/accounts.ts";
import { procedure, router } from "./trpc.ts";

export const accountsRouter = router({
  /** Every live Item of the user with its accounts, newest Item first. */
  list: procedure({
    summary: "Every connected bank with its accounts and balances, newest bank first.",
    scope: "accounts:read",
    rest: "GET /accounts",
    cached: accountsListOutput,
  }).query(({ ctx }) => listAccounts(ctx.services, ctx.user)),
});
