import { ZxcvbnFactory } from "@zxcvbn-ts/core";
import { dictionary, adjacencyGraphs as graphs } from "@zxcvbn-ts/language-common";

/**
 * Returns why these bytes did not come from a random generator; null when they may have. It refuses 16 to 64
 * random bytes less than once in 10^10.
 */
export function whyNotRandom(bytes: Uint8Array): string | null {
  if (bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) return "it is text, not random bytes";
  const most = 8 + bytes.length / 8;
  if (maxEqual(bytes) >= most) return "one byte is in it too often";
  for (let lag = 1; lag <= bytes.length / 2; lag++) {
    const steps = differences(bytes, lag);
    // Equal steps of 0 are a repetition, other equal steps or growing ones a sequence.
    if (maxEqual(steps) >= most || maxEqual(differences(steps, lag)) >= most)
      return "its bytes repeat or follow each other";
  }
  return null;
}

/** Each byte minus the one `lag` positions before it, modulo 256. */
const differences = (bytes: Uint8Array, lag: number) =>
  bytes.slice(lag).map((byte, at) => byte - (bytes[at] as number));

/** Returns how often the most frequent byte occurs. */
function maxEqual(bytes: Uint8Array): number {
  const counts = new Map<number, number>();
  for (const byte of bytes) counts.set(byte, (counts.get(byte) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}

/** Shares of a text's length. The comparisons were measured with 10^5 random texts of 32 characters. */
const limits = {
  /** Guesses, as a power of ten for each character. Random digits reach at least 0.70. */
  guesses: 0.65,
  /**
   * The bound for texts that are at least a little easier to guess than random letters and digits (0.88 and
   * more) …
   */
  someGuesses: 0.9,
  /**
   * … and have many characters in words, keyboard walks, sequences and repetitions. Random texts reach 0.38.
   */
  patterns: 0.5,
  /** Letters in words. Random texts reach 0.41. */
  words: 0.45,
};

/**
 * Returns why a secret was chosen by hand and not generated, as it is or as the hexadecimal or base64 text
 * that it decodes to; null when it may be random. For 32 characters and more: about one random secret in 10^6
 * is refused.
 */
export function whyGuessable(secret: string): string | null {
  const bytes = decodeBytes(secret);
  const text = bytes && isText(bytes) ? Buffer.from(bytes).toString() : secret;
  if (wordShare(text) >= limits.words) return "it is made of words";
  const { guessesLog10, sequence } = estimator().check(text);
  const found = sequence.filter(
    ({ pattern, token }) =>
      token.length > 3 && (pattern === "dictionary" ? /[a-z]/i.test(token) : walks.has(pattern)),
  );
  const share = found.reduce((sum, { token }) => sum + token.length, 0) / text.length;
  const guesses = guessesLog10 / text.length;
  if (guesses < limits.guesses || (share >= limits.patterns && guesses < limits.someGuesses))
    return "it is a keyboard walk, a repetition or a known password";
  return bytes && text === secret ? whyNotRandom(bytes) : null;
}

const walks: ReadonlySet<string> = new Set(["spatial", "sequence", "repeat"]);
const isText = (bytes: Uint8Array) => bytes.every((byte) => byte >= 0x20 && byte < 0x7f);

/** Decodes hexadecimal or base64; null when the text is neither. */
export function decodeBytes(text: string): Buffer | null {
  if (/^([0-9a-f]{2})+$/i.test(text)) return Buffer.from(text, "hex");
  return /^[\w+/-]+={0,2}$/.test(text) ? Buffer.from(text, "base64") : null;
}

/** Caches the result of `make` until it is garbage-collected: it is large, and only needed at the start. */
function madeWhenUsed<T extends object>(make: () => T): () => T {
  let made: WeakRef<T> | undefined;
  return () => {
    const known = made?.deref() ?? make();
    made = new WeakRef(known);
    return known;
  };
}

/** zxcvbn with the most frequent passwords of leaks. */
const estimator = madeWhenUsed(
  // More substitutions of digits for letters take seconds for some texts, and find little more.
  () => new ZxcvbnFactory({ dictionary, graphs, l33tMaxSubstitutions: 1 }),
);
const wordsOfFour = madeWhenUsed(
  () =>
    new Set(
      [...dictionary["passwords-common"], ...dictionary["diceware-common"]].filter(
        (word) => typeof word === "string" && /^[a-z]{4,}$/.test(word),
      ),
    ),
);

/** Returns the largest share of the text that words of at least four letters cover without overlap. */
function wordShare(text: string): number {
  const words = wordsOfFour();
  const lower = text.toLowerCase();
  const covered = [0];
  for (let end = 1; end <= lower.length; end++) {
    let best = covered[end - 1] as number;
    for (let length = 4; length <= Math.min(12, end); length++) {
      const before = covered[end - length] as number;
      if (words.has(lower.slice(end - length, end))) best = Math.max(best, before + length);
    }
    covered.push(best);
  }
  return (covered.at(-1) as number) / lower.length;
}
