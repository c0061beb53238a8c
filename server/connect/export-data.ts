import { listActivity } from "../../db/account-activity.ts";
import { listItems } from "../../db/items.ts";
import type { ExportOutput } from "../contracts/account.ts";
import type { Viewer } from "../contracts/session.ts";
import type { Services } from "../services.ts";

/** Everything of a person here but secrets, as it stands at one moment. */
export async function exportData(
  { db }: Pick<Services, "db">,
  { id, name, email }: Viewer,
): Promise<ExportOutput> {
  return db
    .transaction()
    .setIsolationLevel("repeatable read")
    .execute(async (tx) => ({
      exportedAt: new Date().toISOString(),
      person: { id, name, email },
      items: await listItems(tx, id),
      activity: await listActivity(tx, id),
    }));
}
