import { z } from "zod";

/**
 * `good`: data arrives. `expiring`: it does until `expiresAt`, then a new log-in is needed. `login_required`:
 * the bank needs the user. `revoked`: no more data will arrive from this Item. `problem` has the details.
 */
export const itemStatus = z.enum(["good", "expiring", "login_required", "revoked"]);
export type ItemStatus = z.infer<typeof itemStatus>;
