import type { Page } from "playwright-core";

/** What is wrong with a page's texts in the pseudo-locale. */
export interface TextProblems {
  /** Words in plain letters: they come from none of the objects. */
  untranslated: string[];
  /** Words that are cut, or stand out of what holds them. */
  cut: string[];
}

/** Initials, currencies and codes; months and days, which `Intl` writes; Plaid's window; devices, as the API names them. */
const names =
  /\b(?:[A-Z]{1,4}|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*|May|[A-Z][a-z]+day|alt\+T|[0-9a-f]{1,4}(?=:)|Plaid Link|Chrome on \w+)\b/g;

/** Looks at all texts that a page shows and says; `data` are those that users, banks and programs wrote. */
export async function findTextProblems(page: Page, data: readonly string[]): Promise<TextProblems> {
  const { said: texts, cut } = await page.evaluate(readPage);
  const longestFirst = [...new Set(data)].sort((a, b) => b.length - a.length);
  const untranslated = texts.filter((one) => {
    const left = longestFirst.reduce((rest, name) => rest.replaceAll(name, " "), one);
    return /[A-Za-z]{2}/.test(left.replace(names, " "));
  });
  return { untranslated: [...new Set(untranslated)], cut: [...new Set(cut)] };
}

/** In the page. */
function readPage(): { said: string[]; cut: string[] } {
  const texts: string[] = [document.title];
  const cut: string[] = [];
  const spoken = ["aria-label", "title", "placeholder", "alt", "aria-valuetext"];
  // Written for machines, or by the browser in its own language.
  const apart =
    "script, style, noscript, time, code, pre, .font-mono, [translate=no], [lang]:not(html)";
  for (const element of document.querySelectorAll("body *")) {
    if (element.closest(apart) || !element.checkVisibility()) continue;
    for (const name of spoken) texts.push(element.getAttribute(name) ?? "");
    for (const node of element.childNodes) {
      const text = node.nodeType === Node.TEXT_NODE ? (node.textContent ?? "").trim() : "";
      if (text === "") continue;
      texts.push(text);
      // Names of accounts and banks are cut by choice, with all of them in a title.
      if (!/[^ -~–—…·•“”’™]{2}/.test(text)) continue;
      // Or in what a press opens.
      if (element.closest("[title], summary")) continue;
      const range = document.createRange();
      range.selectNode(node);
      const { left, right, bottom, width } = range.getBoundingClientRect();
      if (width === 0) continue;
      for (let box: Element | null = element; box; box = box.parentElement) {
        const outer = box.getBoundingClientRect();
        // For screen readers alone.
        if (outer.width <= 1) break;
        const style = getComputedStyle(box);
        if (style.display === "inline" || style.display === "contents") continue;
        // What scrolls holds all of it.
        if (style.overflowX === "auto" || style.overflowX === "scroll") break;
        const isBeside = left < outer.left - 1 || right > outer.right + 1;
        const hides = style.overflowY === "hidden" || style.overflowY === "clip";
        // Half a line: less is the room that a font keeps around its letters.
        const isBelow = hides && bottom > outer.bottom + 8;
        if (isBeside || isBelow) {
          cut.push(`${text} stands out of ${box.tagName} ${box.getAttribute("class") ?? ""}`);
          break;
        }
      }
    }
  }
  return { said: texts.filter((text) => text !== ""), cut };
}
