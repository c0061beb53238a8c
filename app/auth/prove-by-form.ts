import type { AppLoadContext } from "@remix-run/node";
import { reasons } from "../../server/contracts/errors.ts";
import { stepUpInput } from "../../server/contracts/step-up.ts";
import { reasonOf } from "../reason-of.ts";
import { toProof } from "./to-proof.ts";
import { words } from "./words.ts";

/** What is wrong with the proof of a form, as its field says it, and the status to answer with. */
export interface ProofProblem {
  password: string;
  status: number;
}

/**
 * Proves who is asking by a form's field `password`, where the form has it. Returns what is wrong with it, or
 * null.
 */
export async function proveByForm(
  form: URLSearchParams,
  context: AppLoadContext,
): Promise<ProofProblem | null> {
  const typed = form.get("password");
  if (typed === null) return null;
  const proof = stepUpInput.safeParse(toProof(typed));
  if (!proof.success) {
    return { password: proof.error.issues[0]?.message ?? words.proofNeeded, status: 400 };
  }
  try {
    await context.caller.session.stepUp(proof.data);
    return null;
  } catch (error) {
    const problem = proofProblem(error);
    if (problem) return problem;
    throw error;
  }
}

/** What the field of the proof says when a call was refused for want of one, or for a wrong one; else null. */
export function proofProblem(error: unknown): ProofProblem | null {
  const reason = reasonOf(error);
  switch (reason) {
    case "step_up_required":
      return { password: words.proofNeeded, status: reasons[reason].status };
    case "password_incorrect":
    case "code_incorrect":
    case "too_many_attempts":
      return { password: reasons[reason].message, status: reasons[reason].status };
    default:
      return null;
  }
}
