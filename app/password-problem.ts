import { passwordProblems } from "../server/contracts/password-problems.ts";

/** What is wrong with a new password, by better-auth's code of it. */
export const passwordProblem = (code: string): string =>
  passwordProblems[code as keyof typeof passwordProblems] ?? passwordProblems.PASSWORD_REFUSED;
