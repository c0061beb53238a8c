/**
 * Plaid's published Production limits of the endpoints we call, requests a minute.
 * https://plaid.com/docs/errors/rate-limit-exceeded/
 */
export const rateLimits: Record<string, { perClient: number; perItem?: number }> = {
  "/accounts/get": { perClient: 15_000, perItem: 15 },
  "/institutions/get_by_id": { perClient: 400 },
  "/item/get": { perClient: 5_000, perItem: 15 },
  "/item/remove": { perClient: 2_000, perItem: 30 },
  "/transactions/refresh": { perClient: 100, perItem: 2 },
  "/transactions/sync": { perClient: 2_500, perItem: 50 },
  // Plaid publishes no limit for these. We use the lowest of those above.
  "/link/token/get": { perClient: 400 },
  "/user/items/get": { perClient: 400 },
};
