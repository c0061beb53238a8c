import type { FrameLocator, Locator, Page } from "playwright-core";
import { translate } from "./pseudo-locale.ts";

type Wanted = string | RegExp;
/** The options of Playwright's finders. */
interface Options {
  name?: Wanted;
  hasText?: Wanted;
  exact?: boolean;
}

const byWords = ["getByText", "getByLabel"];
const finders = [...byWords, "getByRole", "locator"];

/**
 * Wraps a page, or a part of one, so that English words also find their translation. So a walk that is written
 * in English works in both languages.
 */
export function inEither<Place extends Page | Locator | FrameLocator>(place: Place): Place {
  return new Proxy(place, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      const call = value.bind(target);
      if (name === "first" || name === "last" || name === "nth")
        return (...given: unknown[]) => inEither(call(...given));
      if (name === "all") return async () => (await call()).map(inEither);
      if (!finders.includes(String(name))) return call;
      return (what: Wanted, { exact, ...options }: Options = {}) => {
        const wanted = byWords.includes(String(name)) ? either(what, exact) : what;
        if (options.name !== undefined) options.name = either(options.name, exact);
        if (options.hasText !== undefined) options.hasText = either(options.hasText);
        return inEither(call(wanted, options));
      };
    },
  });
}

/** Matches these words in the pseudo-locale, and in English, which Link and the banks use. */
function either(wanted: Wanted, exact = false): RegExp {
  const isString = typeof wanted === "string";
  const source = isString ? wanted.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&") : wanted.source;
  // A class, such as \d or one in brackets, is not translated.
  const translated = source.replace(/\\[a-z]|\[[^\]]*\]|[a-z]/gi, (part) =>
    part.length > 1 ? part : translate(part),
  );
  const both = `(?:${source}|${translated})`;
  return new RegExp(exact ? `^\\s*${both}\\s*$` : both, isString && !exact ? "i" : "");
}
