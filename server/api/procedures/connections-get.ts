import { getConnection } from "../../connect/get-connection.ts";
import { connectionsGetInput, connectionsGetOutput } from "../../contracts/connections.ts";
import { procedure } from "../trpc.ts";

export const connectionsGet = procedure({
  summary: "The result of a Link: whether its bank is connected, and as which Item.",
  scope: "connections:write",
  rest: "GET /connections/{id}",
  reasons: ["not_found"],
})
  .input(connectionsGetInput)
  .output(connectionsGetOutput)
  .query(({ ctx, input }) => getConnection(ctx.services, ctx.user, input));
