import { findCashFlow, findCategories, findNetWorth } from "../../db/insights.ts";
import {
  type CashFlowOutput,
  type CategoriesInput,
  type CategoriesOutput,
  cashFlowOutput,
  categoriesOutput,
  type NetWorthInput,
  type NetWorthOutput,
  type NetWorthRange,
  netWorthOutput,
} from "../contracts/insights.ts";
import type { Services } from "../services.ts";

/** Days of each range of the net worth, including today. */
const daysOf: Record<NetWorthRange, number> = { "1m": 31, "3m": 92, "1y": 365, all: 3_653 };
/** Months of the cash flow. */
const months = 12;

// Part of the cached name, because the result differs tomorrow.
const today = ({ clock }: Pick<Services, "clock">) => clock.now().toISOString().slice(0, 10);

/**
 * Returns the user's net worth by day and currency, through the cache (I5). A month is cut from the end of a
 * cached year.
 */
export async function readNetWorth(
  services: Pick<Services, "cache" | "db" | "heavyReads" | "clock">,
  user: { id: string; dataVersion: number },
  { range = "1y" }: NetWorthInput = {},
): Promise<NetWorthOutput> {
  const { cache, db, heavyReads } = services;
  const day = today(services);
  const [name, days] =
    range === "all" ? [`all net worth ${day}`, daysOf.all] : [`net worth ${day}`, daysOf["1y"]];
  const response = { name, schema: netWorthOutput };
  const read = await cache.read(user.id, response, user.dataVersion, async () => ({
    currencies: await heavyReads.run(user.id, () => findNetWorth(db, user.id, day, days)),
  }));
  if (daysOf[range] === days) return read;
  const currencies = read.currencies.map(({ currency, days }) => ({
    currency,
    days: days.slice(-daysOf[range]),
  }));
  return { currencies };
}

/** Returns income and spending by month and currency, through the cache (I5). */
export async function readCashFlow(
  services: Pick<Services, "cache" | "db" | "heavyReads" | "clock">,
  user: { id: string; dataVersion: number },
): Promise<CashFlowOutput> {
  const { cache, db, heavyReads } = services;
  const day = today(services);
  const response = { name: `cash flow ${day}`, schema: cashFlowOutput };
  return cache.read(user.id, response, user.dataVersion, async () => ({
    currencies: await heavyReads.run(user.id, () => findCashFlow(db, user.id, day, months)),
  }));
}

/** Returns one month of the cash flow by category, through the cache (I5). */
export async function readCategories(
  services: Pick<Services, "cache" | "db" | "heavyReads" | "clock">,
  user: { id: string; dataVersion: number },
  { month }: CategoriesInput,
): Promise<CategoriesOutput> {
  const { cache, db, heavyReads } = services;
  const day = today(services);
  const response = { name: `categories ${month} ${day}`, schema: categoriesOutput };
  return cache.read(user.id, response, user.dataVersion, async () => ({
    currencies: await heavyReads.run(user.id, () =>
      findCategories(db, user.id, day, `${month}-01`),
    ),
  }));
}
