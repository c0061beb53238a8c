import { useRevalidator } from "@remix-run/react";
import { useEffect, useRef } from "react";
import { onAccountNews } from "./account-news.ts";

/** At most one reload of the data in this time, in milliseconds: focus and visibility come together. */
const interval = 250;

/**
 * Loads the page's data again, without a page load, when it changed (as `followChanges` hears from the
 * server, or another tab says) and whenever the person comes back to this tab. `dataVersion` is that
 * of the data which the page has: what is no news to it is not loaded.
 */
export function useFreshData(dataVersion: number): void {
  const { revalidate } = useRevalidator();
  const latest = useRef({ revalidate, dataVersion });
  useEffect(() => {
    latest.current = { revalidate, dataVersion };
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
          latest.current.revalidate();
        },
        Math.max(0, last + interval - Date.now()),
      );
    };
    const refreshWhenVisible = () => {
      if (document.visibilityState === "visible") refresh();
    };
    window.addEventListener("focus", refresh);
    document.addEventListener("visibilitychange", refreshWhenVisible);
    const stopListening = onAccountNews((version) => {
      if (version === null || version > latest.current.dataVersion) refresh();
    });
    return () => {
      clearTimeout(timer);
      window.removeEventListener("focus", refresh);
      document.removeEventListener("visibilitychange", refreshWhenVisible);
      stopListening();
    };
  }, []);
}
