/**
 * Plaid's published Production limits, requests a minute
 * (https://plaid.com/docs/errors/rate-limit-exceeded/).
 */
import type { Clock } from "../clock.ts";
import { PlaidError, type PlaidErrorCode } from "../plaid/plaid-error.ts";

interface Limit {
  perItem: number | null;
  perClient: number;
  code: PlaidErrorCode;
}

const LIMITS: Record<string, Limit> = {
  "/accounts/balance/get": { perItem: 5, perClient: 1_200, code: "ACCOUNTS_BALANCE_GET_LIMIT" },
  "/accounts/get": { perItem: 15, perClient: 15_000, code: "ACCOUNTS_LIMIT" },
  "/auth/get": { perItem: 15, perClient: 12_000, code: "AUTH_LIMIT" },
  "/identity/get": { perItem: 15, perClient: 2_000, code: "IDENTITY_LIMIT" },
  "/institutions/get": { perItem: null, perClient: 50, code: "INSTITUTIONS_GET_LIMIT" },
  "/institutions/get_by_id": {
    perItem: null,
    perClient: 400,
    code: "INSTITUTIONS_GET_BY_ID_LIMIT",
  },
  "/item/get": { perItem: 15, perClient: 5_000, code: "ITEM_GET_LIMIT" },
  "/item/remove": { perItem: 30, perClient: 2_000, code: "RATE_LIMIT" },
  "/transactions/get": { perItem: 30, perClient: 20_000, code: "TRANSACTIONS_LIMIT" },
  "/transactions/refresh": { perItem: 2, perClient: 100, code: "TRANSACTIONS_REFRESH_LIMIT" },
  "/transactions/sync": { perItem: 50, perClient: 2_500, code: "TRANSACTIONS_SYNC_LIMIT" },
};

const WINDOW_MS = 60_000;

/** Counts requests in minute-long windows that start with the first request. */
export class RateLimits {
  readonly #clock: Clock;
  readonly #windows = new Map<string, { ends: number; count: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts one request. Throws the endpoint's 429 when it is one too many. */
  count(path: string, client_id: string, item_id: string | null): void {
    const limit = LIMITS[path];
    if (!limit) return;
    const overClient = this.#exceeds(`${path} client ${client_id}`, limit.perClient);
    const overItem =
      item_id !== null && limit.perItem !== null
        ? this.#exceeds(`${path} item ${item_id}`, limit.perItem)
        : false;
    if (overClient || overItem) throw new PlaidError(limit.code);
  }

  #exceeds(key: string, limit: number): boolean {
    const now = this.#clock.now();
    const window = this.#windows.get(key);
    if (!window || window.ends <= now) {
      this.#windows.set(key, { ends: now + WINDOW_MS, count: 1 });
      return false;
    }
    window.count += 1;
    return window.count > limit;
  }
}
