/**
 * Returns what the user typed as a proof. A password has at least eight characters, so six digits are a code.
 */
export function toProof(typed: string): { code: string } | { password: string } {
  const code = typed.replace(/\s/g, "");
  return /^\d{6}$/.test(code) ? { code } : { password: typed };
}
