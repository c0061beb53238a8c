import { createHash } from "node:crypto";
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
import { z } from "zod";
import type { Db } from "../../../db/client.ts";
import {
  type ChallengePlace,
  storeChallenge,
  takeChallenge,
} from "../../../db/passkey-challenges.ts";
import { findPasskey, insertPasskey, listPasskeys, notePasskeyUse } from "../../../db/passkeys.ts";
import { FiscilityError } from "../../contracts/errors.ts";
import type { TimeLimits } from "../../time-limits.ts";

/** The maximum passkeys of a user: enough for every device, few enough to review. */
const maxPasskeys = 20;

export interface PasskeyNeeds {
  db: Db;
  config: { appUrl: string };
  limits: Pick<TimeLimits, "passkeyChallenge">;
}

const base64url = z
  .string()
  .max(16_000)
  .regex(/^[\w-]*$/);
/** What the browser's `toJSON()` returns for an authentication. Unused fields are dropped. */
const assertion = z.object({
  id: base64url.max(1_400),
  rawId: base64url,
  type: z.literal("public-key"),
  clientExtensionResults: z.object({}).default({}),
  response: z.object({
    authenticatorData: base64url,
    clientDataJSON: base64url,
    signature: base64url,
    userHandle: base64url.nullish().transform((handle) => handle ?? undefined),
  }),
});
/** The same for a registration. */
const attestation = z.object({
  id: base64url.max(1_400),
  rawId: base64url,
  type: z.literal("public-key"),
  clientExtensionResults: z.object({}).default({}),
  response: z.object({
    attestationObject: base64url,
    clientDataJSON: base64url,
    transports: z.array(z.string().max(50)).max(10).default([]),
  }),
});

/** What a challenge is bound to: a session, or a browser that is logging in. */
export const boundTo = (kind: "session" | "browser", secret: string): Buffer =>
  createHash("sha256").update(`${kind}:${secret}`).digest();

const rpIdOf = ({ appUrl }: { appUrl: string }) => new URL(appUrl).hostname;

/** Returns the options for a new passkey, as JSON. @throws FiscilityError `too_many_passkeys` */
export async function registrationOptions(
  { db, config, limits }: PasskeyNeeds,
  user: { id: string; name: string; email: string },
  sessionId: string,
): Promise<string> {
  const known = await listPasskeys(db, user.id);
  requireRoomForPasskey(known.length);
  const options = await generateRegistrationOptions({
    rpName: "Fiscility",
    rpID: rpIdOf(config),
    userID: Buffer.from(user.id),
    userName: user.email,
    userDisplayName: user.name,
    timeout: limits.passkeyChallenge,
    attestationType: "none",
    excludeCredentials: known.map(({ id, transports }) => ({ id, transports })),
    authenticatorSelection: { residentKey: "preferred", userVerification: "preferred" },
  });
  const place = { boundTo: boundTo("session", sessionId), purpose: "register" } as const;
  await storeChallenge(db, place, options.challenge, limits.passkeyChallenge);
  return JSON.stringify(options);
}

function requireRoomForPasskey(known: number): void {
  if (known < maxPasskeys) return;
  throw new FiscilityError("too_many_passkeys", { details: { limit: maxPasskeys } });
}

/**
 * Stores a passkey that signed this session's challenge; `tx` holds the user's lock.
 *
 * @throws FiscilityError `passkey_invalid`, `too_many_passkeys`
 */
export async function addPasskey(
  tx: Db,
  userId: string,
  name: string,
  { id, publicKey, counter, transports }: VerifiedPasskey,
): Promise<void> {
  requireRoomForPasskey((await listPasskeys(tx, userId)).length);
  const row = { user_id: userId, id, name, public_key: publicKey, counter, transports };
  if (!(await insertPasskey(tx, row))) throw new FiscilityError("passkey_invalid");
}

/** A passkey whose registration was verified. */
export interface VerifiedPasskey {
  id: string;
  publicKey: Buffer;
  counter: number;
  transports: string[];
}

/**
 * Verifies a registration against this session's challenge, which is used up. @throws FiscilityError
 * `passkey_invalid`
 */
export async function verifyRegistration(
  { db, config }: PasskeyNeeds,
  sessionId: string,
  json: string,
): Promise<VerifiedPasskey> {
  const place = { boundTo: boundTo("session", sessionId), purpose: "register" } as const;
  const challenge = await takeChallenge(db, place);
  const response = parse(attestation, json);
  if (challenge === null || response === null) throw new FiscilityError("passkey_invalid");
  const { registrationInfo } = await orInvalid(
    verifyRegistrationResponse({
      response: response as RegistrationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: config.appUrl,
      expectedRPID: rpIdOf(config),
      requireUserVerification: false,
    }),
  );
  if (!registrationInfo) throw new FiscilityError("passkey_invalid");
  const { id, publicKey, counter } = registrationInfo.credential;
  const { transports } = response.response;
  return { id, publicKey: Buffer.from(publicKey), counter, transports };
}

/**
 * Returns the options to use a passkey, as JSON: one of this user's or, with `userId` null, of any user.
 * `log_in` requires the device to verify its user too, because it is the only factor then.
 */
export async function authenticationOptions(
  { db, config, limits }: PasskeyNeeds,
  place: ChallengePlace,
  userId: string | null,
): Promise<string> {
  const known = userId === null ? [] : await listPasskeys(db, userId);
  const options = await generateAuthenticationOptions({
    rpID: rpIdOf(config),
    timeout: limits.passkeyChallenge,
    userVerification: place.purpose === "log_in" ? "required" : "preferred",
    ...(userId !== null && {
      allowCredentials: known.map(({ id, transports }) => ({ id, transports })),
    }),
  });
  await storeChallenge(db, place, options.challenge, limits.passkeyChallenge);
  return JSON.stringify(options);
}

/**
 * Verifies a passkey's signature against the challenge of `place`, which is used up, and stores the use.
 * `userId` is the user who must own the passkey; null accepts the user whom the passkey names. Returns that
 * user's id, or null when anything is wrong.
 */
export async function verifyPasskey(
  { db, config }: PasskeyNeeds,
  place: ChallengePlace,
  userId: string | null,
  json: string,
): Promise<string | null> {
  const challenge = await takeChallenge(db, place);
  const response = parse(assertion, json);
  if (challenge === null || response === null) return null;
  const { userHandle } = response.response;
  const named = userHandle === undefined ? null : Buffer.from(userHandle, "base64url").toString();
  const owner = userId ?? named;
  // A passkey that is stored on its device names its user, who must be the owner.
  if (owner === null || (named !== null && named !== owner)) return null;
  if (!z.uuid().safeParse(owner).success) return null;
  const stored = await findPasskey(db, owner, response.id);
  if (!stored) return null;
  const result = await verifyAuthenticationResponse({
    response: response as AuthenticationResponseJSON,
    expectedChallenge: challenge,
    expectedOrigin: config.appUrl,
    expectedRPID: rpIdOf(config),
    credential: { ...stored, publicKey: new Uint8Array(stored.publicKey) },
    requireUserVerification: place.purpose === "log_in",
    // SimpleWebAuthn throws when anything does not match: the origin, the challenge, or the counter.
  }).catch(() => null);
  if (!result?.verified) return null;
  const { newCounter } = result.authenticationInfo;
  return (await notePasskeyUse(db, owner, stored.id, newCounter)) ? owner : null;
}

function parse<T>(schema: z.ZodType<T>, json: string): T | null {
  try {
    return schema.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}

/** SimpleWebAuthn throws for whatever is wrong. */
const orInvalid = <T>(verification: Promise<T>): Promise<T> =>
  verification.catch((cause) => {
    throw new FiscilityError("passkey_invalid", { cause });
  });
