// Without zod, because the pages need these in the browser.

/** What a user types to disconnect a bank and delete its data. */
export const disconnectPhrase = (bank: string) => `disconnect ${bank}`;

/** What a user types to delete their account. */
export const deletePhrase = "delete my account";

/** Whether these are the words, ignoring case and spacing. */
export function isPhrase(typed: string, phrase: string): boolean {
  return normalize(typed) === normalize(phrase);
}

const normalize = (words: string) =>
  words.normalize("NFKC").trim().replace(/\s+/g, " ").toLowerCase();
