import { passwordProblems } from "../server/contracts/password-problems.ts";

/** Returns what is wrong with a new password, by better-auth's error code. */
export const passwordProblem = (code: string): string =>
  passwordProblems[code as keyof typeof passwordProblems] ?? passwordProblems.PASSWORD_REFUSED;
