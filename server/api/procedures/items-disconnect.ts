import { disconnectItem } from "../../connect/disconnect-item.ts";
import { disconnectInput, disconnectOutput } from "../../contracts/connect.ts";
import { procedure } from "../trpc.ts";

export const itemsDisconnect = procedure({
  summary:
    "Disconnects a bank: its accounts and their data are deleted here, and our access is removed at Plaid. `confirmation` is “disconnect” and the bank's name.",
  scope: "connections:write",
  stepUp: true,
  rest: "POST /disconnections",
  reasons: ["not_found", "confirmation_mismatch", "busy"],
})
  .input(disconnectInput)
  .output(disconnectOutput)
  .mutation(({ ctx, input }) => disconnectItem(ctx.services, ctx.user, input, ctx.request.log));
