import { useState } from "react";
import type { ProofMethods } from "../auth/proof-field.tsx";

/** How the user can prove who they are, and whether they recently did, so that forms need not ask. */
export type Proof = ProofMethods & { proved: boolean };

/**
 * Whether a form asks for a proof. It keeps asking once it has: the proof may expire while the dialog is
 * open.
 *
 * @param problem what the last response said about the proof
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
