/** What a user typed to prove who they are. A password has eight characters at least, so six digits are a code. */
export function toProof(typed: string): { code: string } | { password: string } {
  const code = typed.replace(/\s/g, "");
  return /^\d{6}$/.test(code) ? { code } : { password: typed };
}
