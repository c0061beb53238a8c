import { createHash, timingSafeEqual } from "node:crypto";
import { compactVerify, decodeJwt, decodeProtectedHeader, errors } from "jose";
import { z } from "zod";
import { malformed } from "../../db/webhooks.ts";
import { noteSessionFinished } from "../connect/note-session-finished.ts";
import { FiscilityError } from "../contracts/errors.ts";
import { plainText } from "../plaid/plaid-error.ts";
import { plaidToken } from "../plaid/readable.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";

const header = z.object({ alg: z.literal("ES256"), kid: z.string().min(1).max(200) });
const claims = z.object({
  iat: z.number().int().positive(),
  request_body_sha256: z.string().regex(/^[0-9a-f]{64}$/i),
});

const text = z
  .unknown()
  .optional()
  .transform((value) => plainText(value, 200));
/** A time in the range that both PostgreSQL and JavaScript support. */
const time = z.iso
  .datetime({ offset: true })
  .refine((given) => given > "2000" && given < "2200")
  .nullish()
  .catch(null);

/**
 * The fields that we use, for every code that we know; nothing else of a body is stored. Plaid signed it, so
 * an invalid field must not cost the others.
 */
const body = z.object({
  webhook_type: text,
  webhook_code: text,
  item_id: text,
  account_id: text,
  consent_expiration_time: time,
  disconnect_time: time,
  reason: text,
  link_token: plaidToken.nullish().catch(null),
  link_session_id: text,
  status: text,
  public_token: plaidToken.nullish().catch(null),
  public_tokens: z.array(plaidToken).max(100).nullish().catch(null),
  error: z.object({ error_code: text }).nullish().catch(null),
});

/** The stored fields of a webhook besides its type and code. `expiresAt` is ISO 8601. */
export const webhookDetails = z.object({
  accountId: z.string().nullable(),
  expiresAt: z.string().nullable(),
  errorCode: z.string().nullable(),
  reason: z.string().nullable(),
});

/** A received webhook. `signature` is the Plaid-Verification header, `address` the sender's. */
export interface Delivery {
  signature: string | undefined;
  bytes: Buffer;
  address: string;
}

/**
 * Receives one webhook: verifies that Plaid signed its exact bytes within the last five minutes, stores it,
 * and adds the job that processes it, in one statement. A repeated delivery changes nothing. A signed webhook
 * that we cannot parse is stored too, because Plaid would send a refused one again for a day.
 *
 * @throws FiscilityError `webhook_refused`; `busy` and the reasons of Plaid's calls when the key cannot be
 *   fetched now
 * @see https://plaid.com/docs/api/webhooks/webhook-verification/
 */
export async function receiveWebhook(
  services: Pick<Services, "db" | "vault" | "webhookKeys" | "webhookIntake" | "limits" | "clock">,
  { signature, bytes, address }: Delivery,
  log: Log,
): Promise<void> {
  if (!signature || signature.length > 4_000) throw refused("no signature");
  const signedAt = await verify(services, signature, bytes, address);
  const { data: given } = body.safeParse(parseJson(bytes));
  const { webhook_type: type, webhook_code: code, item_id: plaidItemId } = given ?? {};
  const isRead = Boolean(type && code);
  // Its tokens are only stored encrypted, in a row of the user.
  const isNoted = given?.link_token
    ? await noteSessionFinished(services, { ...given, link_token: given.link_token })
    : false;
  const done = isNoted ? "link noted" : null;
  const webhook = {
    deliveryHash: hashOfDelivery(signature),
    type: type ?? malformed,
    code: code ?? malformed,
    plaidItemId: plaidItemId ?? null,
    details: {
      accountId: given?.account_id ?? null,
      expiresAt: given?.consent_expiration_time ?? given?.disconnect_time ?? null,
      errorCode: given?.error?.error_code ?? null,
      reason: given?.reason ?? null,
    } satisfies z.infer<typeof webhookDetails>,
    signedAt,
    outcome: isRead ? done : malformed,
  };
  const fresh = await services.webhookIntake.store(webhook);
  if (!isRead && fresh) log.warn({ event: "webhook_malformed", type, code }, "Malformed webhook");
  log.info({ event: "webhook", type, code, plaidItemId, fresh }, "Webhook");
}

/**
 * Identifies a delivery by the signed content and the signature's `r`. A receiver can change the `s` of an
 * ECDSA signature into another one that verifies, but not its `r`. The signed content is not enough: Plaid
 * may send the same body twice within a second, and both are news.
 */
function hashOfDelivery(signature: string): Buffer {
  const end = signature.lastIndexOf(".");
  const r = Buffer.from(signature.slice(end + 1), "base64url").subarray(0, 32);
  return createHash("sha256").update(signature.slice(0, end)).update(r).digest();
}

/** Returns when the webhook was signed. Checks what needs no key before it looks up the key. */
async function verify(
  { webhookKeys: keys, limits, clock }: Pick<Services, "webhookKeys" | "limits" | "clock">,
  signature: string,
  bytes: Buffer,
  address: string,
): Promise<Date> {
  const { kid } = checked("its header", () => header.parse(decodeProtectedHeader(signature)));
  const { iat, request_body_sha256 } = checked("its claims", () =>
    claims.parse(decodeJwt(signature)),
  );
  const age = clock.now().getTime() - iat * 1000;
  if (age > limits.webhookAge || age < -limits.webhookAhead) throw refused("its age");
  const hash = createHash("sha256").update(bytes).digest();
  if (!timingSafeEqual(hash, Buffer.from(request_body_sha256, "hex"))) {
    throw refused("another body");
  }
  const key = await keys.find(kid, address);
  if (!key) throw refused("an unknown key");
  await compactVerify(signature, key, { algorithms: ["ES256"] }).catch((error: unknown) => {
    throw error instanceof errors.JOSEError ? refused("its signature") : error;
  });
  return new Date(iat * 1000);
}

function checked<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    throw refused(what);
  }
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

/** @param what for the log */
function refused(what: string): FiscilityError {
  return new FiscilityError("webhook_refused", { cause: new Error(what) });
}
