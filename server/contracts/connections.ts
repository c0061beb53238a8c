import { z } from "zod";

/**
 * The state of a Link. `finishing`: the user finished, and the bank is being connected. `ended`: it ended
 * without a connection, or the connection was disconnected since.
 */
export const connectionStatus = z.enum([
  "open",
  "finishing",
  "connected",
  "not_connected",
  "ended",
]);
export type ConnectionStatus = z.infer<typeof connectionStatus>;

export const connectionsGetInput = z.strictObject({
  id: z.uuid().describe("The `linkId` that `plaid.createLinkToken` returned."),
});

/** `connections.get`: how a Link ended. It is kept for 30 days after its end. */
export const connectionsGetOutput = z.object({
  id: z.uuid().describe("Our id of the Link."),
  status: connectionStatus.describe(
    "`open`: the user may still finish Link. `finishing`: they did, and the bank is being connected. `connected`: `itemId` holds its accounts, or was reconnected. `not_connected`: it failed, and `reason` says why. `ended`: it ended without a connection, or the connection was disconnected since.",
  ),
  itemId: z
    .uuid()
    .nullable()
    .describe("The Item that holds the accounts; null unless `connected`."),
  institutionName: z.string().nullable().describe("The bank's name; null when unknown."),
  reason: z
    .string()
    .nullable()
    .describe("For `not_connected`: a reason of `connectAccount`, or null."),
});
export type ConnectionsGetOutput = z.infer<typeof connectionsGetOutput>;
