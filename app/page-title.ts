import { text } from "./text.ts";

/** Returns a page's title for the tab and the history. */
export function pageTitle(title: string) {
  return [{ title: `${title} · ${text.product}` }];
}
