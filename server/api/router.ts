import type { AnyProcedure } from "@trpc/server";
import { accountRouter } from "./account.ts";
import { accountsRouter } from "./accounts.ts";
import { activityRouter } from "./activity.ts";
import { apiKeysRouter } from "./api-keys.ts";
import { connectAccountProcedure } from "./connect-account.ts";
import type { Context } from "./context.ts";
import { insightsRouter } from "./insights.ts";
import { itemsRouter } from "./items.ts";
import { liveRouter } from "./live.ts";
import { plaidRouter } from "./plaid.ts";
import { planRouter } from "./plan.ts";
import { sessionRouter } from "./session.ts";
import { transactionsRouter } from "./transactions.ts";
import { createCallerFactory, router } from "./trpc.ts";

/** Every procedure of the product, at `/trpc`. */
export const appRouter = router({
  plaid: plaidRouter,
  connectAccount: connectAccountProcedure,
  items: itemsRouter,
  accounts: accountsRouter,
  transactions: transactionsRouter,
  insights: insightsRouter,
  plan: planRouter,
  activity: activityRouter,
  session: sessionRouter,
  apiKeys: apiKeysRouter,
  live: liveRouter,
  account: accountRouter,
});

/** The type that the browser and the typed client complete on. */
export type AppRouter = typeof appRouter;

/** By their dotted names, which the type does not say. */
export const procedures = appRouter._def.procedures as unknown as Record<string, AnyProcedure>;

/**
 * Calls a query or mutation by its dotted name, with all the checks of a call from outside.
 * `readInput` runs only once the caller is known to be allowed to call it: parsing costs strangers'
 * requests nothing.
 */
export async function callProcedure(
  path: string,
  ctx: Context,
  readInput: () => unknown,
  batchIndex = 0,
): Promise<unknown> {
  const procedure = procedures[path];
  if (!procedure) throw new Error(`there is no procedure ${path}`);
  const { type } = procedure._def;
  const getRawInput = async () => readInput();
  return procedure({ path, getRawInput, ctx, type, signal: undefined, batchIndex });
}

/** Calls procedures in-process, with the same checks: for Remix loaders. */
export const createCaller = createCallerFactory(appRouter);
export type Caller = ReturnType<typeof createCaller>;
