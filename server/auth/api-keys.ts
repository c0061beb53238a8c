import { timingSafeEqual } from "node:crypto";
import {
  type ApiKeyRow,
  countLiveApiKeys,
  findApiKey,
  insertApiKey,
  listApiKeys as listRows,
  revokeApiKey as revokeRow,
  touchApiKey,
} from "../../db/api-keys.ts";
import type { Db } from "../../db/client.ts";
import { queueMail } from "../../db/mails.ts";
import { type Origin, recordSecurityEvent } from "../../db/security-events.ts";
import { lockUser } from "../../db/users.ts";
import {
  type ApiKey,
  type CreateApiKeyInput,
  type CreateApiKeyOutput,
  type Scope,
  scope,
} from "../contracts/api-keys.ts";
import { FiscilityError } from "../contracts/errors.ts";
import { apiKeyPrefix, makeApiKey, readApiKey } from "./api-key-format.ts";
import type { User } from "./identity.ts";
import type { SharedReads } from "./shared-reads.ts";

/** The maximum live keys of a user: enough for every service, few enough to review. */
const maxLiveKeys = 50;
const day = 24 * 60 * 60 * 1000;

/**
 * Creates a key for this user and mails them. The key's text is only in the result.
 *
 * @param requireStill runs while the user is locked, and rejects when the key must not be created any more
 * @param origin of the request; null for an operator
 * @throws FiscilityError `too_many_api_keys`, and the error of `requireStill`
 */
export async function createApiKey(
  db: Db,
  userId: string,
  input: CreateApiKeyInput,
  requireStill: (tx: Db) => Promise<void> = async () => {},
  origin: Origin | null = null,
): Promise<CreateApiKeyOutput> {
  const now = new Date();
  const { id, key, secretHash } = makeApiKey();
  const { expiresInDays } = input;
  const row = await db.transaction().execute(async (tx) => {
    await lockUser(tx, userId);
    await requireStill(tx);
    if ((await countLiveApiKeys(tx, userId, now)) >= maxLiveKeys) {
      throw new FiscilityError("too_many_api_keys", { details: { limit: maxLiveKeys } });
    }
    const { name } = input;
    const details = { name, scopes: input.scopes.join(" ") };
    await recordSecurityEvent(tx, { userId, kind: "api_key_made", details, origin });
    await queueMail(tx, { userId, kind: "api_key_made", details: { name } });
    return insertApiKey(tx, {
      id,
      user_id: userId,
      secret_hash: secretHash,
      name,
      scopes: [...new Set(input.scopes)],
      expires_at: new Date(now.getTime() + expiresInDays * day),
    });
  });
  return { apiKey: toContract(row, now), key };
}

/** Returns every key of the user, newest first. */
export async function listApiKeys(db: Db, userId: string, now = new Date()): Promise<ApiKey[]> {
  return (await listRows(db, userId)).map((row) => toContract(row, now));
}

/** Revokes a key. @throws FiscilityError `not_found` */
export async function revokeApiKey(
  db: Db,
  userId: string,
  id: string,
  origin: Origin | null = null,
  now = new Date(),
): Promise<ApiKey> {
  const row = await db.transaction().execute(async (tx) => {
    const row = await revokeRow(tx, userId, id, now);
    // Only once: revoking it again changes nothing.
    if (row?.revoked_at?.getTime() === now.getTime()) {
      const details = { name: row.name };
      await recordSecurityEvent(tx, { userId, kind: "api_key_revoked", details, origin });
    }
    return row;
  });
  if (!row) throw new FiscilityError("not_found");
  return toContract(row, now);
}

/** Shares concurrent reads of a key's row, by the key's id. */
export type ApiKeyReads = SharedReads<Awaited<ReturnType<typeof findApiKey>>>;

/**
 * Returns the user of a key and its scopes. The hash is compared in constant time, even when there is no such
 * key. Only a caller with the secret learns that a key is revoked or expired.
 *
 * @throws FiscilityError `api_key_invalid`, `api_key_revoked`, `api_key_expired`
 */
export async function authenticateApiKey(
  { db, apiKeyReads }: { db: Db; apiKeyReads: ApiKeyReads },
  key: string,
  now = new Date(),
): Promise<{ user: User; apiKey: { id: string; scopes: Scope[] } }> {
  const given = readApiKey(key);
  if (!given) throw new FiscilityError("api_key_invalid");
  const found = await apiKeyReads.read(given.id, () => findApiKey(db, given.id));
  const fits = timingSafeEqual(given.secretHash, found?.secretHash ?? Buffer.alloc(32));
  if (!found || !fits) throw new FiscilityError("api_key_invalid");
  if (found.revokedAt) throw new FiscilityError("api_key_revoked");
  if (found.expiresAt && found.expiresAt <= now) throw new FiscilityError("api_key_expired");
  await touchApiKey(db, given.id, found.lastUsedAt, now);
  const { userId, name, email, emailVerified, plan, dataVersion } = found;
  return {
    user: { id: userId, name, email, emailVerified, plan, dataVersion },
    apiKey: { id: given.id, scopes: toScopes(found.scopes) },
  };
}

/** Drops scopes that a later version granted and this one does not know. */
const toScopes = (stored: string[]): Scope[] =>
  stored.flatMap((name) => scope.safeParse(name).data ?? []);

function toContract(row: ApiKeyRow, now: Date): ApiKey {
  const expired = row.expires_at !== null && row.expires_at <= now;
  return {
    id: row.id,
    name: row.name,
    prefix: apiKeyPrefix(row.id),
    scopes: toScopes(row.scopes),
    status: row.revoked_at ? "revoked" : expired ? "expired" : "live",
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
  };
}
