import { accountRouter } from "./account.ts";
import { accountsRouter } from "./accounts.ts";
import { activityRouter } from "./activity.ts";
import { apiKeysRouter } from "./api-keys.ts";
import { connectAccountProcedure } from "./connect-account.ts";
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

/** Calls procedures in-process, with the same checks: for Remix loaders and the REST face. */
export const createCaller = createCallerFactory(appRouter);
export type Caller = ReturnType<typeof createCaller>;
