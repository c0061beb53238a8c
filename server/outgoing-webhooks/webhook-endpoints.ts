import { randomBytes, randomUUID } from "node:crypto";
import type { Db } from "../../db/client.ts";
import { queueMail } from "../../db/mails.ts";
import { webhookSecretOwner } from "../../db/sealed.ts";
import { type Origin, recordSecurityEvent } from "../../db/security-events.ts";
import { lockUser } from "../../db/users.ts";
import {
  countWebhookEndpoints,
  deleteWebhookEndpoint,
  disableWebhookEndpoint,
  enableWebhookEndpoint,
  findWebhookEndpoint,
  insertWebhookEndpoint,
  listWebhookEndpoints,
  replaceWebhookSecret,
  type WebhookEndpointRow,
} from "../../db/webhook-endpoints.ts";
import type { Config } from "../config.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type {
  CreateWebhookInput,
  WebhookEndpoint,
  WebhookSecretOutput,
} from "../contracts/webhook-endpoints.ts";
import { webhookEventType } from "../contracts/webhook-events.ts";
import type { TimeLimits } from "../time-limits.ts";
import { Secret } from "../vault/secret.ts";
import type { Vault } from "../vault/vault.ts";
import { readWebhookUrl } from "./webhook-url.ts";

interface Needs {
  config: Pick<Config, "localWebhooks">;
  db: Db;
  limits: Pick<TimeLimits, "webhookOldSecret">;
  vault: Vault;
}

/** The maximum addresses of a user. */
const maxEndpoints = 10;

/**
 * Adds an address that receives webhooks, and mails the user. Only the result contains the secret in the
 * clear.
 *
 * @param by `origin` of the request, null for an operator; `requireStill` runs while the user is locked, and
 *   rejects when the address must not be added any more
 * @throws FiscilityError `webhook_url_refused`, `too_many_webhooks`, and the error of `requireStill`
 */
export async function createWebhook(
  { config, db, vault }: Needs,
  userId: string,
  input: CreateWebhookInput,
  {
    origin = null,
    requireStill = async () => {},
  }: { origin?: Origin | null; requireStill?: (tx: Db) => Promise<void> } = {},
): Promise<WebhookSecretOutput> {
  const { url } = readWebhookUrl(input.url, config.localWebhooks);
  const id = randomUUID();
  const secret = makeSecret();
  const events = [...new Set(input.events)];
  const row = await db.transaction().execute(async (tx) => {
    const { deleted } = await lockUser(tx, userId);
    if (deleted) throw new FiscilityError("unauthenticated");
    await requireStill(tx);
    if ((await countWebhookEndpoints(tx, userId)) >= maxEndpoints) {
      throw new FiscilityError("too_many_webhooks", { details: { limit: maxEndpoints } });
    }
    const secretSealed = vault.seal(secret, webhookSecretOwner(userId, id));
    await insertWebhookEndpoint(tx, userId, { id, url: url.href, events, secretSealed });
    const details = { name: url.host };
    await recordSecurityEvent(tx, { userId, kind: "webhook_added", details, origin });
    await queueMail(tx, { userId, kind: "webhook_added", details: { url: url.origin } });
    return findWebhookEndpoint(tx, userId, id);
  });
  return { webhook: required(row), secret: secret.reveal() };
}

/** Returns the user's addresses, newest first. */
export async function listWebhooks(db: Db, userId: string): Promise<WebhookEndpoint[]> {
  return (await listWebhookEndpoints(db, userId)).map(toContract);
}

/**
 * Gives an address a new secret. The previous one also signs for a day, so that the receiver can switch.
 *
 * @throws FiscilityError `not_found`
 */
export async function replaceSecret(
  { db, limits, vault }: Needs,
  userId: string,
  id: string,
  origin: Origin | null = null,
): Promise<WebhookSecretOutput> {
  const secret = makeSecret();
  const sealed = vault.seal(secret, webhookSecretOwner(userId, id));
  const row = await db.transaction().execute(async (tx) => {
    const isThere = await replaceWebhookSecret(tx, userId, id, sealed, limits.webhookOldSecret);
    if (!isThere) return null;
    const found = await findWebhookEndpoint(tx, userId, id);
    const details = { name: new URL(required(found).url).host };
    await recordSecurityEvent(tx, { userId, kind: "webhook_secret_replaced", details, origin });
    return found;
  });
  return { webhook: required(row), secret: secret.reveal() };
}

/**
 * Removes an address with its deliveries. Nothing more is sent to it.
 *
 * @throws FiscilityError `not_found`
 */
export async function deleteWebhook(
  db: Db,
  userId: string,
  id: string,
  origin: Origin | null = null,
): Promise<WebhookEndpoint> {
  return db.transaction().execute(async (tx) => {
    const webhook = required(await findWebhookEndpoint(tx, userId, id));
    const url = await deleteWebhookEndpoint(tx, userId, id);
    if (url === null) throw new FiscilityError("not_found");
    const details = { name: new URL(url).host };
    await recordSecurityEvent(tx, { userId, kind: "webhook_removed", details, origin });
    return webhook;
  });
}

/**
 * Disables an address that responded 410 Gone, as the specification recommends, and mails the user. Does
 * nothing when it is disabled already.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export async function disableWebhook(db: Db, userId: string, id: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const url = await disableWebhookEndpoint(tx, userId, id);
    if (url === null) return;
    const details = { url: new URL(url).origin };
    await queueMail(tx, { userId, kind: "webhook_disabled", details });
  });
}

/** Sends webhooks to an address again. @throws FiscilityError `not_found` */
export async function enableWebhook(db: Db, userId: string, id: string): Promise<WebhookEndpoint> {
  const isThere = await enableWebhookEndpoint(db, userId, id);
  return required(isThere ? await findWebhookEndpoint(db, userId, id) : null);
}

/** In the specification's format: `whsec_` and 24 to 64 random bytes in base64. */
const makeSecret = () => new Secret(`whsec_${randomBytes(32).toString("base64")}`);

/** @throws FiscilityError `not_found` */
function required(row: WebhookEndpointRow | null): WebhookEndpoint {
  if (!row) throw new FiscilityError("not_found");
  return toContract(row);
}

function toContract(row: WebhookEndpointRow): WebhookEndpoint {
  const isSigning = row.old_secret_until !== null && row.old_secret_until > new Date();
  return {
    id: row.id,
    url: row.url,
    // Drops events of a later version that this one does not know.
    events: row.events.flatMap((name) => webhookEventType.safeParse(name).data ?? []),
    createdAt: row.created_at.toISOString(),
    oldSecretUntil: isSigning ? (row.old_secret_until?.toISOString() ?? null) : null,
    last: row.last,
    disabled:
      row.disabled_at === null ? null : { at: row.disabled_at.toISOString(), reason: "gone" },
  };
}
