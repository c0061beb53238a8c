import { confirmUnclaimed, listUnclaimed } from "../../db/unclaimed-items.ts";
import { removalDelay, removalsPerDay } from "../reconciliation/decide.ts";
import { runCommand, withDatabase } from "./command.ts";

/**
 * `npm run books`: lists the Items that Plaid has and no row here holds, in the database of DATABASE_URL.
 * Each is removed once it was seen twice, 40 minutes apart, at most five a day for each user. With
 * `--confirm` those listed now are removed without that limit. Check first whether Plaid's list and this
 * database can be correct.
 */
async function main(env: NodeJS.ProcessEnv, options: string[]): Promise<string> {
  const unknown = options.find((option) => option !== "--confirm");
  if (unknown) throw new Error(`${unknown} is unknown. Usage: npm run books [-- --confirm]`);
  return withDatabase(env, async (db) => {
    const now = new Date();
    const seenBefore = new Date(now.getTime() - removalDelay);
    if (options.length > 0) {
      const confirmed = await confirmUnclaimed(db, seenBefore, now);
      return `${confirmed} confirmed. The next pass, within a minute, removes them.`;
    }
    const items = await listUnclaimed(db);
    if (items.length === 0) return "The books agree: Plaid lists no Item that nothing here holds.";
    const waiting = new Map<string, number>();
    const lines = items.map((item) => {
      const isOld = item.first_seen_at <= seenBefore;
      const before = waiting.get(item.user_id) ?? 0;
      if (isOld) waiting.set(item.user_id, before + 1);
      return [
        item.first_seen_at.toISOString(),
        `user ${item.user_id}`,
        `Item ${item.plaid_item_id}`,
        item.institution_name ?? "bank unknown",
        stateOf(item, isOld),
      ].join("  ");
    });
    const held = [...waiting].filter(([, count]) => count > removalsPerDay);
    const advice = held.map(
      ([user]) => `user ${user} has more than ${removalsPerDay} a day allows`,
    );
    return [...lines, ...advice].join("\n");
  });
}

function stateOf(
  item: { confirmed_at: Date | null; sent_at: Date | null },
  isOld: boolean,
): string {
  if (item.sent_at) return "removal asked for";
  if (item.confirmed_at) return "confirmed";
  return isOld ? "to be removed" : "seen once";
}

runCommand(main(process.env, process.argv.slice(2)));
