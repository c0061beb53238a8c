import { findAccount } from "../../../db/items.ts";
import { accountsGetInput, accountsGetOutput } from "../../contracts/accounts.ts";
import { FiscilityError } from "../../contracts/errors.ts";
import { procedure } from "../trpc.ts";

export const accountsGet = procedure({
  summary: "One account with its balances and its bank.",
  scope: "accounts:read",
  rest: "GET /accounts/{id}",
  reasons: ["not_found"],
})
  .input(accountsGetInput)
  .output(accountsGetOutput)
  .query(async ({ ctx, input }) => {
    const found = await findAccount(ctx.services.db, ctx.user.id, input.id);
    if (!found) throw new FiscilityError("not_found");
    return found;
  });
