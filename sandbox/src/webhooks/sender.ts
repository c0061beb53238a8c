/** Delivers webhooks, signed, with retries, and only to this machine and allowed hosts. */
import type { Clock } from "../clock.ts";
import { allowsWebhook } from "../reach.ts";
import type { Item, SigningKey, State } from "../state.ts";
import type { WebhookBody } from "./bodies.ts";
import { newSigningKey, signBody, type VerificationKey, verificationKey } from "./signing.ts";

/** Each wait is four times the last: after 30 s at first, six retries fit into Plaid's 24 hours. */
export const RETRIES = 6;
const TIMES_LONGER = 4;
const KEY_LASTS_MS = 7 * 86_400_000;
const ANSWER_WITHIN_MS = 10_000;
const KEPT = 10_000;

/** How long to wait after the n-th failed attempt, counted from 1; `firstMs` after the first. */
export function retryWaitMs(failedAttempts: number, firstMs: number): number {
  return firstMs * TIMES_LONGER ** (failedAttempts - 1);
}

/** One webhook and the result of its delivery, for `/_control/webhooks`. */
export interface Delivery {
  at: string;
  item_id: string | null;
  url: string;
  webhook_type: string;
  webhook_code: string;
  attempts: number;
  /** The last HTTP status; null without a response. */
  status: number | null;
  /** The key that signed the last attempt; empty before the first. */
  key_id: string;
  state: "pending" | "delivered" | "failed" | "refused";
}

/** What the sender needs of the sandbox; a reset replaces its clock and its state. */
interface SenderSandbox {
  readonly clock: Clock;
  readonly state: State;
  readonly settings: { webhookRetryMs: number; webhookHosts: string[] };
  changed(): void;
}

export class WebhookSender {
  readonly #sandbox: SenderSandbox;
  readonly #timers = new Set<NodeJS.Timeout>();
  #deliveries: Delivery[] = [];
  #making: Promise<SigningKey> | null = null;
  #abort = new AbortController();

  constructor(sandbox: SenderSandbox) {
    this.#sandbox = sandbox;
  }

  /** Sends to the Item's webhook, if it has one. */
  sendForItem(item: Item, body: WebhookBody, signed_seconds_ago = 0): void {
    if (item.webhook === null) return;
    item.last_webhook = { sent_at: this.#sandbox.clock.iso(), code_sent: body.webhook_code };
    this.#sandbox.changed();
    this.send(item.webhook, body, { item_id: item.item_id, signed_seconds_ago });
  }

  /** Sends to any URL. Returns at once; failures are only recorded. */
  send(
    url: string,
    body: WebhookBody,
    {
      item_id = null,
      signed_seconds_ago = 0,
    }: { item_id?: string | null; signed_seconds_ago?: number } = {},
  ): void {
    const { webhook_type, webhook_code } = body;
    const delivery: Delivery = {
      at: this.#sandbox.clock.iso(),
      item_id,
      url,
      webhook_type,
      webhook_code,
      attempts: 0,
      status: null,
      key_id: "",
      state: allowsWebhook(this.#sandbox.settings.webhookHosts, url) ? "pending" : "refused",
    };
    this.#deliveries.push(delivery);
    if (this.#deliveries.length > KEPT) this.#deliveries.shift();
    // Plaid's bodies are indented by two spaces; a receiver that verifies a re-serialized body fails, as with Plaid.
    const text = JSON.stringify(body, null, 2);
    if (delivery.state === "pending") void this.#attempt(delivery, text, signed_seconds_ago * 1000);
  }

  /** Oldest first; the last 10,000. */
  list(): Delivery[] {
    return [...this.#deliveries];
  }

  /** The public key with this id, or null. */
  async keyById(key_id: string): Promise<VerificationKey | null> {
    await this.#signingKey();
    const key = this.#keys().find(({ private_jwk }) => private_jwk.kid === key_id);
    return key ? verificationKey(key) : null;
  }

  /** Deletes all deliveries and stops those under way. */
  cancel(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#deliveries = [];
  }

  /** The key in use, which is replaced after a week of the sandbox's time. One caller makes it. */
  #signingKey(): Promise<SigningKey> {
    const last = this.#keys().at(-1);
    const now = this.#sandbox.clock.now();
    if (last && now < last.created_at * 1000 + KEY_LASTS_MS) return Promise.resolve(last);
    this.#making ??= this.#newKey(now).finally(() => {
      this.#making = null;
    });
    return this.#making;
  }

  async #newKey(now: number): Promise<SigningKey> {
    const key = await newSigningKey(now);
    const last = this.#keys().at(-1);
    if (last) last.expired_at = key.created_at;
    this.#keys().push(key);
    this.#sandbox.changed();
    return key;
  }

  #keys(): SigningKey[] {
    return this.#sandbox.state.signing_keys;
  }

  async #attempt(delivery: Delivery, text: string, signedAgoMs: number): Promise<void> {
    const { signal } = this.#abort;
    const { private_jwk } = await this.#signingKey();
    delivery.attempts += 1;
    delivery.key_id = private_jwk.kid ?? "";
    try {
      const answer = await fetch(delivery.url, {
        method: "POST",
        body: text,
        headers: {
          "content-type": "application/json",
          "plaid-verification": await signBody(private_jwk, text, Date.now() - signedAgoMs),
        },
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
      });
      await answer.body?.cancel();
      delivery.status = answer.status;
      // Plaid counts anything but 200 as a failure.
      if (answer.status === 200) {
        delivery.state = "delivered";
        return;
      }
    } catch {
      // No connection, or a timeout: retried below like a rejection.
      delivery.status = null;
    }
    // A reset, or the close of the sandbox, has ended this delivery.
    if (signal.aborted) return;
    if (delivery.attempts > RETRIES) {
      delivery.state = "failed";
      return;
    }
    const wait = retryWaitMs(delivery.attempts, this.#sandbox.settings.webhookRetryMs);
    this.later(wait, () => void this.#attempt(delivery, text, signedAgoMs));
  }

  /** Runs `run` after `ms`, unless the sandbox is reset or closed before. */
  later(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, ms);
    timer.unref();
    this.#timers.add(timer);
  }
}
