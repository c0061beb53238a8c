import { Webhook, WebhookVerificationError } from "standardwebhooks";
import type { WebhookEvent } from "../../server/contracts/webhook-event-types.ts";

export type {
  WebhookData,
  WebhookEvent,
  WebhookEventType,
} from "../../server/contracts/webhook-event-types.ts";

/** A request that must not be trusted: respond with 400, and do nothing. */
export class WebhookError extends Error {
  override readonly name = "WebhookError";
}

/** A verified event. `id` is the same each time it is sent: ignore one that you have seen. */
export type VerifiedWebhook = WebhookEvent & { id: string };

/**
 * Verifies that a webhook comes from Fiscility, was not changed, and was sent within the last five minutes.
 *
 * @param secret `whsec_…`, as `webhooks.create` returned it
 * @param headers of the request: `webhook-id`, `webhook-timestamp` and `webhook-signature`
 * @param body of the request, before anything parses it
 * @returns the event, with its id
 * @throws WebhookError when it must not be trusted; its message says why
 */
export function verifyWebhook(
  secret: string,
  headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>,
  body: string | Uint8Array,
): VerifiedWebhook {
  const text = typeof body === "string" ? body : decode(body);
  const header = (name: string): string => {
    const value = headers instanceof Headers ? headers.get(name) : headers[name];
    return typeof value === "string" ? value : "";
  };
  const id = header("webhook-id");
  const signed = {
    "webhook-id": id,
    "webhook-timestamp": header("webhook-timestamp"),
    "webhook-signature": header("webhook-signature"),
  };
  try {
    const event = new Webhook(secret).verify(text, signed);
    return { id, ...(camelCase(event) as WebhookEvent) };
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    throw new WebhookError(error.message, { cause: error });
  }
}

function decode(body: unknown): string {
  if (body instanceof Uint8Array) return new TextDecoder().decode(body);
  throw new TypeError(
    "verifyWebhook takes the body as it came, before JSON.parse: a string or bytes",
  );
}

/** Renames the fields as everywhere else in this client. */
function camelCase(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase()),
      camelCase(inner),
    ]),
  );
}
