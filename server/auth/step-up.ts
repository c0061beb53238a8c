import type { Db } from "../../db/client.ts";
import { type Origin, recordSecurityEvent } from "../../db/security-events.ts";
import { hasProof, recordProof } from "../../db/sessions.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { StepUpInput, StepUpOutput } from "../contracts/step-up.ts";
import type { Log } from "../telemetry/log.ts";
import type { TimeLimits } from "../time-limits.ts";
import type { Auth } from "./auth.ts";
import type { Identity } from "./identity.ts";

/** What a proof is kept in and how long it lasts. */
interface Proofs {
  db: Db;
  limits: Pick<TimeLimits, "stepUp">;
}

/**
 * Whether the user proved in this session, within `limits.stepUp`, who they are. A log-in is no such
 * proof: whoever steals a session just after it must not be able to do what outlives the session.
 */
export async function isProved(
  { db, limits }: Proofs,
  { user, sessionId }: Identity,
): Promise<boolean> {
  return user !== null && sessionId !== null && hasProof(db, user.id, sessionId, limits.stepUp);
}

/**
 * Lets a call through whose procedure asks for a proof (`stepUp` in its metadata).
 * @throws `step_up_required`
 */
export async function requireProof(proofs: Proofs, identity: Identity): Promise<void> {
  if (!(await isProved(proofs, identity))) throw new FiscilityError("step_up_required");
}

/**
 * Proves by password who uses this session. Wrong passwords count with those of a password change.
 * @throws `password_incorrect`; `too_many_attempts`; `unauthenticated` when the session has just ended.
 */
export async function stepUp(
  { auth, db, limits }: Proofs & { auth: Auth },
  { user, sessionId, origin }: Identity & { origin: Origin },
  { password }: StepUpInput,
  log: Log,
): Promise<StepUpOutput> {
  if (user === null || sessionId === null) throw new FiscilityError("unauthenticated");
  if (!(await auth.isPassword(user.id, password))) {
    await recordSecurityEvent(db, { userId: user.id, kind: "step_up_failed", origin });
    throw new FiscilityError("password_incorrect");
  }
  const provedAt = await recordProof(db, user.id, sessionId);
  if (!provedAt) throw new FiscilityError("unauthenticated");
  await recordSecurityEvent(db, { userId: user.id, kind: "step_up", origin });
  log.info({ event: "step_up", userId: user.id, sessionId, by: "password" }, "Stepped up");
  return { validUntil: new Date(provedAt.getTime() + limits.stepUp).toISOString() };
}
