import { type CryptoKey, importJWK } from "jose";
import { LRUCache } from "lru-cache";
import type { Db } from "../../db/client.ts";
import {
  deleteWebhookKey,
  findWebhookKey,
  storeWebhookKey,
  type WebhookKey,
} from "../../db/webhook-keys.ts";
import type { RedisAdapter } from "../cache/redis-adapter.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { PlaidAdapter } from "../plaid/plaid-adapter.ts";
import { createLimiter } from "../rate-limits/limiter.ts";
import { networkOf } from "../rate-limits/network-of.ts";
import type { TimeLimits } from "../time-limits.ts";

/** Unknown key ids for which one address may cause a call to Plaid, in each window of seconds. */
const lookups = { points: 10, duration: 60 };

/**
 * Plaid's keys for signing webhooks, by id. Known keys are stored in PostgreSQL, so that a new node has them,
 * and each is confirmed with Plaid every hour. Anyone can send a key id that does not exist, so each address
 * may cause only a few lookups, which never delay a known key.
 */
export class WebhookKeys {
  readonly #plaid: Pick<PlaidAdapter, "getWebhookKey">;
  readonly #db: Db;
  readonly #count: ReturnType<typeof createLimiter>;
  readonly #known = new LRUCache<string, CryptoKey>({ max: 20 });
  readonly #unknown: LRUCache<string, true>;
  readonly #limits: TimeLimits;
  readonly #underway = new Map<string, Promise<CryptoKey | null>>();

  constructor(
    plaid: Pick<PlaidAdapter, "getWebhookKey">,
    db: Db,
    redis: RedisAdapter | null,
    limits: TimeLimits,
  ) {
    this.#limits = limits;
    this.#unknown = new LRUCache({ max: 1000, ttl: limits.webhookKeyUnknown });
    this.#plaid = plaid;
    this.#db = db;
    this.#count = createLimiter(redis, { ...lookups, keyPrefix: "fiscility:webhook-key" });
  }

  /**
   * Returns a key; null when Plaid does not have it. `address` is the webhook's sender.
   *
   * @throws FiscilityError `busy` when the address has sent too many unknown keys; the reasons of a call to
   *   Plaid
   */
  async find(keyId: string, address: string): Promise<CryptoKey | null> {
    const known = this.#known.get(keyId);
    if (known) return known;
    if (this.#unknown.has(keyId)) return null;
    // Shared only within an address: one address over its limit must not fail another's lookup.
    const from = networkOf(address);
    const lookup = `${from} ${keyId}`;
    const joined = this.#underway.get(lookup);
    if (joined) return joined;
    const finding = this.#lookUp(keyId, from).finally(() => this.#underway.delete(lookup));
    this.#underway.set(lookup, finding);
    return finding;
  }

  async #lookUp(keyId: string, from: string): Promise<CryptoKey | null> {
    const kept = await findWebhookKey(this.#db, keyId);
    const freshFor = this.#limits.webhookKey - (kept?.ageMs ?? 0);
    if (kept && freshFor > 0) return this.#remember(keyId, kept, freshFor);
    if (!kept) await this.#countStranger(from);
    const shown = await this.#plaid.getWebhookKey(keyId).catch((error: unknown) => {
      // Plaid is unavailable or rate-limited. A webhook is only a hint, so a key that was valid stays valid.
      if (kept) return undefined;
      throw error;
    });
    if (shown) {
      await storeWebhookKey(this.#db, keyId, shown);
      return this.#remember(keyId, shown, this.#limits.webhookKey);
    }
    if (shown === undefined && kept) {
      return this.#remember(keyId, kept, this.#limits.webhookKeyRetry);
    }
    if (kept) await deleteWebhookKey(this.#db, keyId);
    this.#unknown.set(keyId, true);
    return null;
  }

  async #remember(keyId: string, { x, y }: WebhookKey, ttl: number): Promise<CryptoKey> {
    const jwk = { kty: "EC", crv: "P-256", x, y, alg: "ES256" };
    const key = (await importJWK(jwk)) as CryptoKey;
    this.#known.set(keyId, key, { ttl });
    return key;
  }

  async #countStranger(from: string): Promise<void> {
    const { allowed, resetMs } = await this.#count(from);
    if (allowed) return;
    throw new FiscilityError("busy", {
      details: { retryAfterSeconds: Math.ceil(resetMs / 1000) },
    });
  }
}
