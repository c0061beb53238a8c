import { sql } from "kysely";
import type { Db } from "./client.ts";

/** A bank that its user is mailed about. */
export interface BankToRemindOf {
  userId: string;
  bank: string;
}

/**
 * Marks banks that need their user and were not mailed about within `everyMs`, at most `atMost`, and returns
 * them. Run it in the transaction that queues the mail. Also unmarks banks that work again.
 */
export async function markBanksInNeed(
  tx: Db,
  everyMs: number,
  atMost: number,
): Promise<BankToRemindOf[]> {
  await sql`
    update items set reminded_at = null
    where (user_id, id) in (
      select user_id, id from items where reminded_at is not null and status in ('good', 'expiring')
      limit ${atMost} for update skip locked)`.execute(tx);
  const { rows } = await sql<BankToRemindOf>`
    update items set reminded_at = now()
    where (user_id, id) in (
      select user_id, id from items
      where status in ('login_required', 'revoked')
        and (reminded_at is null or reminded_at < now() - ${everyMs} * interval '1 millisecond')
      limit ${atMost} for update skip locked)
    returning user_id as "userId", institution_name as bank`.execute(tx);
  return rows;
}

/**
 * Marks connections that end within `withinMs`, once for each end that a bank names, and returns them. Run it
 * in the transaction that queues the mail.
 */
export async function markEndingConnections(
  tx: Db,
  withinMs: number,
  atMost: number,
): Promise<(BankToRemindOf & { endsAt: Date })[]> {
  const { rows } = await sql<BankToRemindOf & { endsAt: Date }>`
    update items set end_announced_for = coalesce(expires_at, status_at + interval '7 days')
    where (user_id, id) in (
      select user_id, id from items
      where status = 'expiring'
        and coalesce(expires_at, status_at + interval '7 days')
          between now() and now() + ${withinMs} * interval '1 millisecond'
        and end_announced_for is distinct from coalesce(expires_at, status_at + interval '7 days')
      limit ${atMost} for update skip locked)
    returning user_id as "userId", institution_name as bank, end_announced_for as "endsAt"`.execute(
    tx,
  );
  return rows;
}
