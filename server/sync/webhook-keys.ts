import { type CryptoKey, importJWK } from "jose";
import { LRUCache } from "lru-cache";
import { FiscilityError } from "../contracts/errors.ts";
import type { PlaidDoor } from "../plaid/plaid-door.ts";
import { timeLimits } from "../time-limits.ts";

/** Key ids a minute that we ask Plaid about because somebody named them: Plaid itself has a few. */
const strangersAMinute = 10;

/**
 * The keys that Plaid signs webhooks with, by their id. Each is asked for again every hour. Anybody
 * can name a key that is not there: those are remembered, and few are asked for.
 */
export class WebhookKeys {
  readonly #plaid: Pick<PlaidDoor, "getWebhookKey">;
  readonly #known = new LRUCache<string, { key: CryptoKey; askedAt: number }>({ max: 20 });
  readonly #unknown = new LRUCache<string, true>({ max: 1000, ttl: timeLimits.webhookKeyUnknown });
  readonly #underway = new Map<string, Promise<CryptoKey | null>>();
  #strangers: number[] = [];

  constructor(plaid: Pick<PlaidDoor, "getWebhookKey">) {
    this.#plaid = plaid;
  }

  /** Null when Plaid has no such key. Errors: `busy`, and those of a call to Plaid. */
  async find(keyId: string): Promise<CryptoKey | null> {
    const known = this.#known.get(keyId);
    if (known && Date.now() - known.askedAt < timeLimits.webhookKey) return known.key;
    if (this.#unknown.has(keyId)) return null;
    const joined = this.#underway.get(keyId);
    if (joined) return joined;
    if (!known) this.#countStranger();
    const asking = this.#ask(keyId, known?.key).finally(() => this.#underway.delete(keyId));
    this.#underway.set(keyId, asking);
    return asking;
  }

  async #ask(keyId: string, before: CryptoKey | undefined): Promise<CryptoKey | null> {
    const jwk = await this.#plaid.getWebhookKey(keyId).catch((error: unknown) => {
      // Plaid is away: the key was good an hour ago.
      if (before) return undefined;
      throw error;
    });
    if (jwk === undefined && before) return before;
    if (!jwk) {
      this.#known.delete(keyId);
      this.#unknown.set(keyId, true);
      return null;
    }
    const key = (await importJWK({ ...jwk, alg: "ES256" })) as CryptoKey;
    this.#known.set(keyId, { key, askedAt: Date.now() });
    return key;
  }

  #countStranger(): void {
    const aMinuteAgo = Date.now() - 60_000;
    this.#strangers = this.#strangers.filter((at) => at > aMinuteAgo);
    if (this.#strangers.length >= strangersAMinute) {
      throw new FiscilityError("busy", { details: { retryAfterSeconds: 60 } });
    }
    this.#strangers.push(Date.now());
  }
}
