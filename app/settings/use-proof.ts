import { useState } from "react";
import type { ProofMethods } from "../auth/proof-field.tsx";

/** Whether the user has proved lately who they are, and is not asked, and how they can. */
export type Proof = ProofMethods & { proved: boolean };

/**
 * Whether a form asks for a proof. Once asked for it stays: the proof may run out while the dialog is open.
 *
 * @param problem what the last response said of the proof
 */
export function useProof(proof: Proof, problem: string | undefined) {
  const [asks, setAsks] = useState(!proof.proved);
  const [seen, setSeen] = useState(problem);
  if (problem !== seen) {
    setSeen(problem);
    if (problem) setAsks(true);
  }
  return { asks, onProved: () => setAsks(false) };
}
