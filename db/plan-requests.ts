import { sql } from "kysely";
import type { PlanRequest } from "../server/contracts/plan.ts";
import type { Db } from "./client.ts";
import { queueMail } from "./mails.ts";

/**
 * Stores a user's request for a plan, and mails the operator. A second call changes the open request and
 * sends no mail. Returns false when the plan does not exist or is not larger than theirs.
 */
export async function requestPlan(
  db: Db,
  user: { id: string; email: string },
  { plan, note }: { plan: string; note: string | null },
  operator: string,
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ isNew: boolean; plan: string; from: string; accounts: number }>`
      insert into plan_requests (user_id, plan, note)
      select users.id, wanted.id, ${note}
      from users join plans as own on own.id = users.plan
      join plans as wanted on wanted.id = ${plan} and wanted.max_accounts > own.max_accounts
      where users.id = ${user.id}
      on conflict (user_id) where answered_at is null
        do update set plan = excluded.plan, note = excluded.note
      returning xmax = 0 as "isNew", (select name from plans where id = ${plan}) as plan,
        (select plans.name from plans join users on users.plan = plans.id
          where users.id = ${user.id}) as "from",
        (select count(*)::int from accounts where user_id = ${user.id}) as accounts`.execute(tx);
    const [row] = rows;
    if (row?.isNew) {
      const { plan: name, from, accounts } = row;
      const details = { email: user.email, from, plan: name, planId: plan, accounts, note };
      await queueMail(tx, { userId: user.id, kind: "plan_requested", details, to: operator });
    }
    return row !== undefined;
  });
}

/** Returns all requests of a user, newest first. */
export async function listPlanRequests(db: Db, userId: string): Promise<PlanRequest[]> {
  const rows = await db
    .selectFrom("plan_requests")
    .where("user_id", "=", userId)
    .select(["plan", "note", "created_at", "answered_at"])
    .orderBy("created_at", "desc")
    .execute();
  return rows.map((row) => ({
    plan: row.plan,
    note: row.note,
    requestedAt: row.created_at.toISOString(),
    answeredAt: row.answered_at?.toISOString() ?? null,
  }));
}

/** Returns the open requests of all users, oldest first, for an operator. */
export async function listOpenPlanRequests(db: Db) {
  return db
    .selectFrom("plan_requests")
    .innerJoin("users", "users.id", "plan_requests.user_id")
    .where("answered_at", "is", null)
    .where("users.deleted_at", "is", null)
    .select(["users.email", "users.plan as from", "plan_requests.plan", "note"])
    .select("plan_requests.created_at as at")
    .orderBy("plan_requests.created_at")
    .execute();
}
