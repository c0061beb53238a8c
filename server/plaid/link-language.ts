/** @see https://plaid.com/docs/api/link/#link-token-create-request-language */
const languages = [
  ...["en", "da", "de", "es", "et", "fr", "hi", "it", "lt", "lv", "nl", "no", "pl", "pt", "ro"],
  ...["sv", "vi"],
] as const;

/** A language that Plaid Link speaks, ISO 639-1. */
export type LinkLanguage = (typeof languages)[number];

/** Norwegian as browsers call it, and as Plaid does. */
const norwegian = { nb: "no", nn: "no" } as const;
const accepted = [...languages, ...(Object.keys(norwegian) as (keyof typeof norwegian)[])];

/**
 * The language to open Link in: the first one that the request accepts, English where Link speaks none
 * of them. "fr-CA" is French.
 */
export function linkLanguage(req: {
  acceptsLanguages(...offered: string[]): string | false;
}): LinkLanguage {
  const found = req.acceptsLanguages(...accepted) as (typeof accepted)[number] | false;
  if (found === false) return "en";
  return found === "nb" || found === "nn" ? norwegian[found] : found;
}
