import type { Db } from "../../db/client.ts";
import type { ChallengePlace } from "../../db/passkey-challenges.ts";
import { type Origin, recordSecurityEvent } from "../../db/security-events.ts";
import { hasProof, recordProof } from "../../db/sessions.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { StepUpInput, StepUpOutput } from "../contracts/step-up.ts";
import type { Log } from "../telemetry/log.ts";
import type { TimeLimits } from "../time-limits.ts";
import type { Auth } from "./auth.ts";
import type { Identity } from "./identity.ts";
import { boundTo, type PasskeyNeeds, verifyPasskey } from "./second-factor/passkeys.ts";
import { spendTotpCode, type TotpNeeds } from "./second-factor/totp.ts";

/** Where proofs are stored and how long they last. */
interface Proofs {
  db: Db;
  limits: Pick<TimeLimits, "stepUp">;
}

/**
 * Whether the user proved their identity in this session within `limits.stepUp`. A log-in is no such proof:
 * someone who steals a session right after it must not be able to do anything that outlasts the session.
 */
export async function isProved(
  { db, limits }: Proofs,
  { user, sessionId }: Identity,
): Promise<boolean> {
  return user !== null && sessionId !== null && hasProof(db, user.id, sessionId, limits.stepUp);
}

/**
 * Requires a proof for a procedure with `stepUp` in its metadata.
 *
 * @throws FiscilityError `step_up_required`
 */
export async function requireProof(proofs: Proofs, identity: Identity): Promise<void> {
  if (!(await isProved(proofs, identity))) throw new FiscilityError("step_up_required");
}

/**
 * Proves the user's identity in this session by password, code or passkey. Wrong passwords count with those
 * of a password change, wrong codes and passkeys with those of log-ins.
 *
 * @throws FiscilityError `password_incorrect`, `code_incorrect`, `passkey_invalid`; `too_many_attempts`;
 *   `unauthenticated` when the session has just ended
 */
export async function stepUp(
  needs: Proofs & TotpNeeds & PasskeyNeeds & { auth: Auth },
  { identity: { user, sessionId }, origin }: { identity: Identity; origin: Origin },
  proof: StepUpInput,
  log: Log,
): Promise<StepUpOutput> {
  if (user === null || sessionId === null) throw new FiscilityError("unauthenticated");
  const { db, limits } = needs;
  const [by = "passkey"] = Object.keys(proof);
  const wrong = await whyWrong(needs, { userId: user.id, sessionId }, proof);
  if (wrong) {
    const event = { userId: user.id, kind: "step_up_failed" as const, details: { by }, origin };
    await recordSecurityEvent(db, event);
    throw new FiscilityError(wrong);
  }
  const provedAt = await recordProof(db, user.id, sessionId);
  if (!provedAt) throw new FiscilityError("unauthenticated");
  await recordSecurityEvent(db, { userId: user.id, kind: "step_up", details: { by }, origin });
  log.info({ event: "step_up", userId: user.id, sessionId, by }, "Identity proved in a step-up");
  return { validUntil: new Date(provedAt.getTime() + limits.stepUp).toISOString() };
}

/** What a passkey's challenge for a step-up is bound to: this session. */
export const stepUpChallenge = (sessionId: string): ChallengePlace => ({
  boundTo: boundTo("session", sessionId),
  purpose: "step_up",
});

/**
 * Returns the reason why a proof is wrong; null when it is correct. @throws FiscilityError
 * `too_many_attempts`
 */
async function whyWrong(
  needs: TotpNeeds & PasskeyNeeds & { auth: Auth },
  { userId, sessionId }: { userId: string; sessionId: string },
  { password, code, passkey = "" }: StepUpInput,
): Promise<"password_incorrect" | "code_incorrect" | "passkey_invalid" | null> {
  const { auth } = needs;
  if (password !== undefined)
    return (await auth.isPassword(userId, password)) ? null : "password_incorrect";
  if (code !== undefined) {
    const isRight = await auth.guessFactor(userId, () => spendTotpCode(needs, userId, code));
    return isRight ? null : "code_incorrect";
  }
  const place = stepUpChallenge(sessionId);
  const isRight = await auth.guessFactor(
    userId,
    async () => (await verifyPasskey(needs, place, userId, passkey)) === userId,
  );
  return isRight ? null : "passkey_invalid";
}
