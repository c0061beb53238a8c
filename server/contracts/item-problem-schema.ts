import { z } from "zod";
import { itemProblemKinds } from "./item-problem.ts";

/** How to restore an Item's data, by what the user has to do. */
export const itemProblemKind = z
  .enum(itemProblemKinds)
  .describe(
    "What brings the bank's data back. `log_in`: log in again, in update mode. `choose_accounts`: choose the accounts again, in update mode. `allow_access`: allow access again, in update mode. `act_at_bank`: do something at the bank's own site first, then log in again. `wait`: nothing; we keep trying. `unsupported`: nothing; this bank cannot be read any more. `connect_again`: access has ended; connect the bank again, with `connectAgain` of `plaid.createLinkToken`. `unknown`: the bank's message says; update mode may help.",
  );

/** Why an Item's data does not arrive. */
export const itemProblem = z.object({
  kind: itemProblemKind.describe(
    "What brings the bank's data back; the kinds are described with their type.",
  ),
  message: z
    .string()
    .describe("A sentence for the user: what is wrong and what to do. Plaid's own for `unknown`."),
});
