import { text } from "../text.ts";
import { onAccountNews } from "./account-news.ts";

/** Says in the title of a tab in the background that its accounts have changed, until the user looks at it. */
export function followTitle(): () => void {
  const mark = `${text.nav.updated} · `;
  const plain = () => document.title.replace(mark, "");
  const stop = onAccountNews((_version, isNew) => {
    if (isNew && document.visibilityState === "hidden") document.title = mark + plain();
  });
  const look = () => {
    if (document.visibilityState === "visible") document.title = plain();
  };
  document.addEventListener("visibilitychange", look);
  return () => {
    stop();
    document.removeEventListener("visibilitychange", look);
  };
}
