/**
 * Multi-factor authentication as Plaid's Sandbox has it
 * (https://plaid.com/docs/sandbox/test-credentials/#sandbox-multi-factor-credentials).
 */
import type { CustomUser } from "../bank/custom-user.ts";

export interface Question {
  label: string;
  /** The choices; null for a text field. */
  options: string[] | null;
  answer: string;
}

/** A bank's MFA prompts, round by round. */
export interface Challenge {
  kind: "device" | "questions" | "selections";
  rounds: Question[][];
}

/** A code sent to the user's phone. */
export const DEVICE: Challenge = {
  kind: "device",
  rounds: [[{ label: "Code", options: null, answer: "1234" }]],
};

/** The challenge that a password names: `mfa_device`, `mfa_questions_2_3`, `mfa_selections_1_1_2`. */
export function passwordChallenge(password: string): Challenge | null {
  if (password === "mfa_device") return DEVICE;
  if (password === "mfa_selections") {
    const question = { label: "Do you like pie?", options: ["Yes", "No"], answer: "Yes" };
    return { kind: "selections", rounds: [[question]] };
  }
  const [, kind, ...counts] =
    /^mfa_(questions|selections)_([1-9])_([1-9])(?:_([2-9]))?$/.exec(password) ?? [];
  const [rounds = 1, questions = 1, options] = counts.map(Number);
  if (kind === "questions" && counts[2] === undefined) return questionRounds(rounds, questions);
  return kind === "selections" && options ? selectionRounds(rounds, questions, options) : null;
}

/** The challenge of a custom user's `mfa`. */
export function customChallenge({ mfa }: CustomUser): Challenge | null {
  if (mfa?.type === "device") return DEVICE;
  if (mfa?.type === "questions") {
    return questionRounds(mfa.question_rounds ?? 1, mfa.questions_per_round ?? 1);
  }
  if (mfa?.type !== "selections") return null;
  return selectionRounds(
    mfa.selection_rounds ?? 1,
    mfa.questions_per_round ?? 2,
    mfa.selections_per_question ?? 2,
  );
}

function questionRounds(rounds: number, questions: number): Challenge {
  return {
    kind: "questions",
    rounds: times(rounds, (round) =>
      times(questions, (index) => ({
        label: `Question ${index + 1} of round ${round + 1}`,
        options: null,
        answer: `answer_${round}_${index}`,
      })),
    ),
  };
}

function selectionRounds(rounds: number, questions: number, options: number): Challenge {
  return {
    kind: "selections",
    rounds: times(rounds, (round) =>
      times(questions, (index) => ({
        label: `Question ${index + 1} of round ${round + 1}`,
        options: times(options, (option) => `answer_${round + 1}_${index + 1}_${option}`),
        answer: `answer_${round + 1}_${index + 1}_0`,
      })),
    ),
  };
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_unused, index) => make(index));
}
