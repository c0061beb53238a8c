// Without zod: the pages need these in the browser.

/** What a person types before a bank and its data go. */
export const disconnectPhrase = (bank: string) => `disconnect ${bank}`;

/** What a person types before everything of theirs goes. */
export const deletePhrase = "delete my account";

/** Whether these are the words, however they are capitalised and spaced. */
export function isPhrase(typed: string, phrase: string): boolean {
  return plain(typed) === plain(phrase);
}

const plain = (words: string) => words.normalize("NFKC").trim().replace(/\s+/g, " ").toLowerCase();
