import { sql } from "kysely";
import { jsonArrayFrom } from "kysely/helpers/postgres";
import type { PlanOutput } from "../server/contracts/plan.ts";
import type { Db } from "./client.ts";
import { compiledOnce } from "./compiled-once.ts";
import { queueMail } from "./mails.ts";
import { recordSecurityEvent } from "./security-events.ts";
import { raiseDataVersion } from "./users.ts";

const planUse = compiledOnce((db, { userId }: { userId: string }) =>
  db
    .selectFrom("users")
    .innerJoin("plans", "plans.id", "users.plan")
    .where("users.id", "=", userId)
    .select((eb) => [
      "plans.id",
      "plans.name",
      "plans.price_monthly as priceMonthly",
      "plans.currency",
      "plans.max_accounts as maxAccounts",
      eb
        .selectFrom("accounts")
        .whereRef("accounts.user_id", "=", "users.id")
        .select((e) => e.fn.countAll<string>().as("n"))
        .as("used"),
      jsonArrayFrom(
        eb
          .selectFrom("plans as each")
          .select((e) => [
            "each.id",
            "each.name",
            // JSON has only numbers, and a price is a decimal string.
            e.cast<string>("each.price_monthly", "text").as("priceMonthly"),
            "each.currency",
            "each.max_accounts as maxAccounts",
          ])
          .orderBy("each.max_accounts"),
      ).as("every"),
    ]),
);

/** Returns the user's plan, the number of their live accounts, and every plan. */
export async function getPlanUse(db: Db, userId: string): Promise<PlanOutput> {
  const [row] = await planUse(db, { userId });
  if (!row) throw new Error("there is no such user");
  const { used, every, ...plan } = row;
  return { plan, accountsUsed: Number(used), plans: every };
}

/**
 * Moves a user to a plan, and mails them when it is a different one. Returns false when there is no such
 * user. An unknown plan violates a foreign key.
 */
export async function setPlan(db: Db, email: string, plan: string): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ id: string; from: string; name: string }>`
      update users set plan = ${plan}, updated_at = now()
      from (select id, plan from users where email = ${email.toLowerCase()} for no key update) before
      where users.id = before.id
      returning users.id, before.plan as "from",
        coalesce((select name from plans where plans.id = ${plan}), ${plan}) as name`.execute(tx);
    const [user] = rows;
    if (!user) return false;
    await tx
      .updateTable("plan_requests")
      .set({ answered_at: sql<Date>`now()` })
      .where("user_id", "=", user.id)
      .where("answered_at", "is", null)
      .execute();
    if (user.from === plan) return true;
    const { id: userId, from, name } = user;
    await raiseDataVersion(tx, userId);
    await recordSecurityEvent(tx, {
      userId,
      kind: "operator_changed_plan",
      details: { from, to: plan },
    });
    await queueMail(tx, { userId, kind: "plan_changed", details: { plan: name } });
    return true;
  });
}

/** Returns the ids of every plan, smallest first. */
export async function listPlanIds(db: Db): Promise<string[]> {
  const rows = await db.selectFrom("plans").select("id").orderBy("max_accounts").execute();
  return rows.map((row) => row.id);
}
