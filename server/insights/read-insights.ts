import { findCashFlow, findNetWorth } from "../../db/insights.ts";
import {
  type CashFlowOutput,
  cashFlowOutput,
  type NetWorthOutput,
  netWorthOutput,
} from "../contracts/insights.ts";
import type { Services } from "../services.ts";

/** How far back the insights look. */
const days = 365;
const months = 12;

// In the name of what is cached, too: tomorrow is another answer.
const today = ({ clock }: Pick<Services, "clock">) => clock.now().toISOString().slice(0, 10);

/** The user's net worth by day and currency, through the cache (I5). */
export async function readNetWorth(
  services: Pick<Services, "cache" | "db" | "heavyReads" | "clock">,
  user: { id: string; dataVersion: number },
): Promise<NetWorthOutput> {
  const { cache, db, heavyReads } = services;
  const day = today(services);
  const answer = { name: `net worth ${day}`, schema: netWorthOutput };
  return cache.read(user.id, answer, user.dataVersion, async () => ({
    currencies: await heavyReads.run(user.id, () => findNetWorth(db, user.id, day, days)),
  }));
}

/** What came in and went out by month and currency, through the cache (I5). */
export async function readCashFlow(
  services: Pick<Services, "cache" | "db" | "heavyReads" | "clock">,
  user: { id: string; dataVersion: number },
): Promise<CashFlowOutput> {
  const { cache, db, heavyReads } = services;
  const day = today(services);
  const answer = { name: `cash flow ${day}`, schema: cashFlowOutput };
  return cache.read(user.id, answer, user.dataVersion, async () => ({
    currencies: await heavyReads.run(user.id, () => findCashFlow(db, user.id, day, months)),
  }));
}
