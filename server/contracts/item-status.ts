import { z } from "zod";

/**
 * `good`: data flows. `expiring`: it does until `expiresAt`, then a new log-in is needed.
 * `login_required`: the bank needs the user. `revoked`: no more data will come from this Item.
 * `problem` says what exactly is wrong.
 */
export const itemStatus = z.enum(["good", "expiring", "login_required", "revoked"]);
export type ItemStatus = z.infer<typeof itemStatus>;
