import type { Db } from "./client.ts";

/** Replaces the user's password by another one's hash. */
export async function setPassword(db: Db, userId: string, hash: string): Promise<void> {
  await db
    .updateTable("credentials")
    .set({ password: hash, updated_at: new Date() })
    .where("user_id", "=", userId)
    .where("provider_id", "=", "credential")
    .execute();
}
