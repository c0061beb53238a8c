import { text } from "./text.ts";

/** A page's title as the tab and the history show it. */
export function pageTitle(title: string) {
  return [{ title: `${title} · ${text.product}` }];
}
