import { useRevalidator } from "@remix-run/react";
import { useEffect, useRef } from "react";
import { onAccountNews } from "./account-news.ts";

/** At most one reload of the data in this time, in milliseconds: focus and visibility come together. */
const interval = 1_000;

/**
 * Loads the page's data again, without a page load, when another tab changed it and whenever the
 * person comes back to this tab (the change may have come from another device).
 */
export function useFreshData(): void {
  const { revalidate } = useRevalidator();
  const latest = useRef(revalidate);
  useEffect(() => {
    latest.current = revalidate;
  });

  useEffect(() => {
    let last = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refresh = () => {
      if (timer) return;
      // A call within the interval is put off, never dropped: it may be the one with the news.
      timer = setTimeout(
        () => {
          timer = undefined;
          last = Date.now();
          latest.current();
        },
        Math.max(0, last + interval - Date.now()),
      );
    };
    const refreshWhenVisible = () => {
      if (document.visibilityState === "visible") refresh();
    };
    window.addEventListener("focus", refresh);
    document.addEventListener("visibilitychange", refreshWhenVisible);
    const stopListening = onAccountNews(refresh);
    return () => {
      clearTimeout(timer);
      window.removeEventListener("focus", refresh);
      document.removeEventListener("visibilitychange", refreshWhenVisible);
      stopListening();
    };
  }, []);
}
