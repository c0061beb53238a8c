import type { AppLoadContext } from "@remix-run/node";
import { reasons } from "../../server/contracts/errors.ts";
import { stepUpInput } from "../../server/contracts/step-up.ts";
import { reasonOf } from "../reason-of.ts";
import { toProof } from "./to-proof.ts";
import { words } from "./words.ts";

/** What is wrong with the proof in a form: the text of its field, and the status of the response. */
export interface ProofProblem {
  password: string;
  status: number;
}

/**
 * Checks the proof in a form's field `password`, if the form has it. Returns what is wrong with it, or null.
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

/**
 * Returns the error of the proof's field when a call failed because the proof was missing or wrong; else
 * null.
 */
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
