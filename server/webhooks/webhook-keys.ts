import { type CryptoKey, importJWK } from "jose";
import { LRUCache } from "lru-cache";
import type { Db } from "../../db/client.ts";
import {
  deleteWebhookKey,
  findWebhookKey,
  keepWebhookKey,
  type WebhookKey,
} from "../../db/webhook-keys.ts";
import type { RedisAdapter } from "../cache/redis-adapter.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { PlaidAdapter } from "../plaid/plaid-adapter.ts";
import { createLimiter } from "../rate-limits/limiter.ts";
import { networkOf } from "../rate-limits/network-of.ts";
import type { TimeLimits } from "../time-limits.ts";

/** Unknown key ids that one address may have us ask Plaid about in each window, in seconds. */
const lookups = { points: 10, duration: 60 };

/**
 * The keys that Plaid signs webhooks with, by their id. Known ones are kept in PostgreSQL, so that a node
 * that starts knows them, and each is confirmed with Plaid every hour. Anybody can name a key that does
 * not exist: each address may have a few looked up, which never delays a known one.
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
   * Null when Plaid has no such key. `address` is where the webhook came from.
   * @throws `busy` when the address has named too many unknown keys; the reasons of a call to Plaid.
   */
  async find(keyId: string, address: string): Promise<CryptoKey | null> {
    const known = this.#known.get(keyId);
    if (known) return known;
    if (this.#unknown.has(keyId)) return null;
    // Joined within an address alone: the refusal of one must not be the answer to another.
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
      // Plaid is away, or has no room for the call. What a webhook says is only a hint, so a key that was
      // good goes on being good.
      if (kept) return undefined;
      throw error;
    });
    if (shown) {
      await keepWebhookKey(this.#db, keyId, shown);
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
