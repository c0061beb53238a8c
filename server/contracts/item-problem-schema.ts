import { z } from "zod";
import { itemProblemKinds } from "./item-problem.ts";

/** How to restore an Item's data, by what the user has to do. */
export const itemProblemKind = z
  .enum(itemProblemKinds)
  .describe(
    "How to restore the bank's data. `log_in`: log in again, in update mode. `choose_accounts`: choose the accounts again, in update mode. `allow_access`: allow access again, in update mode. `act_at_bank`: do something at the bank's own site first, then log in again. `wait`: nothing; we keep trying. `unsupported`: nothing; this bank is no longer supported. `connect_again`: access has ended; connect the bank again, with `connectAgain` of `plaid.createLinkToken`. `unknown`: see the bank's message; update mode may help.",
  );

/** Why an Item's data does not arrive. */
export const itemProblem = z.object({
  kind: itemProblemKind.describe(
    "How to restore the bank's data; the kinds are described with their type.",
  ),
  message: z
    .string()
    .describe("A sentence for the user: what is wrong and what to do. Plaid's own for `unknown`."),
});
