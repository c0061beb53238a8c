/** @see https://plaid.com/docs/api/link/#link-token-create-request-language */
const languages = [
  ...["en", "da", "de", "es", "et", "fr", "hi", "it", "lt", "lv", "nl", "no", "pl", "pt", "ro"],
  ...["sv", "vi"],
] as const;

/** A language that Plaid Link supports, ISO 639-1. */
export type LinkLanguage = (typeof languages)[number];

/** Browsers send `nb` or `nn` for Norwegian; Plaid expects `no`. */
const norwegian = { nb: "no", nn: "no" } as const;
const accepted = [...languages, ...(Object.keys(norwegian) as (keyof typeof norwegian)[])];

/**
 * Returns the language to open Link in: the first accepted one that Link supports, else English. "fr-CA" is
 * French.
 */
export function linkLanguage(req: {
  acceptsLanguages(...offered: string[]): string | false;
}): LinkLanguage {
  const found = req.acceptsLanguages(...accepted) as (typeof accepted)[number] | false;
  if (found === false) return "en";
  return found === "nb" || found === "nn" ? norwegian[found] : found;
}
