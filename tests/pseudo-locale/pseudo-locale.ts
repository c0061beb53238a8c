/** BCP 47's tag of English with accents: no language of anybody's. */
export const tag = "en-XA";

/** Doubling these letters makes English about 40 % longer, as German and Finnish are. */
const doubled = "aeiouyt";
const accented = Object.fromEntries(
  [..."aàbƀcćdđeèfƒgğhĥiìjĵkķlĺmɱnñoòpþqǫrřsštţuùvṽwŵxẋyýzž"].flatMap((letter, at, all) =>
    at % 2 === 0 ? [[letter, all[at + 1] as string]] : [],
  ),
);

/** A letter to one or two others, always the same: a part of a sentence stays a part of its translation. */
function translateLetter(letter: string): string {
  const small = letter.toLowerCase();
  const other = accented[small] ?? letter;
  const one = letter === small ? other : other.toUpperCase();
  return doubled.includes(small) ? one + other : one;
}

export const translate = (sentence: string) => sentence.replace(/[a-z]/gi, translateLetter);

/**
 * The pseudo-locale of an object of words, nested objects, lists and functions included. `only` is the one
 * key whose words are translated, in a table that has more than words.
 */
export function pseudoLocale<Words>(words: Words, only?: string): Words {
  const of = (value: unknown, key: string | undefined): unknown => {
    if (typeof value === "string") {
      if (key === "locale") return tag;
      return only === undefined || key === only ? translate(value) : value;
    }
    if (typeof value === "function") return (...given: unknown[]) => of(value(...given), key);
    if (Array.isArray(value)) return value.map((one) => of(one, key));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, of(one, name)]));
  };
  return of(words, undefined) as Words;
}
