/** A word that STYLE.md replaces, as written in prose. */
export interface BannedWord {
  /** The word to write, and the word that it replaces. */
  rule: string;
  pattern: RegExp;
}

const word = (words: string) => new RegExp(`\\b(?:${words})\\b`, "gi");

/** The right column of STYLE.md's table, as far as a pattern can tell it from the field's words. */
export const bannedWords: readonly BannedWord[] = [
  {
    rule: "user, not person or somebody",
    pattern: word("persons?|people|somebody|whoever|who asks"),
  },
  { rule: "again or new, not anew", pattern: word("anew") },
  {
    rule: "acquire or wait for the lock, not turn",
    pattern: word("(?:its|their|whose|the|a|in) turns?"),
  },
  { rule: "adapter or module, not door", pattern: word("doors?") },
  { rule: "timeline, not trail", pattern: word("trails?") },
  {
    rule: "is received or is reported, not told or heard of",
    pattern: word("(?:tells?|told|hears?|heard) of"),
  },
  {
    rule: "retry or back off, not ask again",
    pattern: word("(?:asks?|asked|asking) (?:it )?again|comes? back later"),
  },
  {
    rule: "fails or is rolled back, not given up",
    pattern: word("(?:gives?|given|giving) up|goes again|ends badly"),
  },
  { rule: "must not or cannot, not is not to be", pattern: word("(?:is|are) not to be") },
  {
    rule: "request and response, not question and answer",
    pattern: word("questions?|answers?|answered"),
  },
  {
    rule: "invalidate, not forget or tidy up",
    pattern: word("tid(?:y|ies|ying) up|forgets?|forgotten"),
  },
];
