import { useEffect, useRef } from "react";
import { whenReachable } from "../when-reachable.ts";
import { onAccountNews } from "./account-news.ts";

/** At most one reload of the data in this time, in milliseconds: focus and visibility come together. */
const interval = 250;

/** A page went before its reload came: the next one may have been read before the news as well. */
let owed = false;

/**
 * Loads the page's data again, without a page load, when it changed (as `followChanges` hears from the
 * server, or another tab says) and whenever the person comes back to this tab; without a network, once
 * there is one. `dataVersion` is that of the data which the page has: what is no news to it is not loaded.
 *
 * Nothing else asks for a reload, and a load under way is waited for: Remix reports one that the next
 * cuts off as an error. So the router itself is asked, as its hooks are a render behind.
 */
export function useFreshData(dataVersion: number): void {
  const latest = useRef(dataVersion);
  useEffect(() => {
    latest.current = dataVersion;
  });

  useEffect(() => {
    const router = window.__remixRouter;
    const isLoading = () =>
      router.state.revalidation !== "idle" || router.state.navigation.state !== "idle";
    let last = 0;
    /** Calls the reload off that is to come, while there is one. */
    let callOff: (() => void) | undefined;
    /** There was news while a load was under way, which may have missed it. */
    let missed = false;
    const refresh = () => {
      if (callOff) return;
      // A call within the interval is put off, never dropped: it may be the one with the news.
      const timer = setTimeout(
        () => {
          callOff = whenReachable(() => {
            callOff = undefined;
            missed = isLoading();
            if (missed) return;
            last = Date.now();
            router.revalidate();
          });
        },
        Math.max(0, last + interval - Date.now()),
      );
      callOff = () => clearTimeout(timer);
    };
    const stopWaiting = router.subscribe(() => {
      if (missed && !isLoading()) refresh();
    });
    const refreshWhenVisible = () => {
      if (document.visibilityState === "visible") refresh();
    };
    window.addEventListener("focus", refresh);
    document.addEventListener("visibilitychange", refreshWhenVisible);
    const stopListening = onAccountNews((version) => {
      if (version === null || version > latest.current) refresh();
    });
    if (owed) refresh();
    return () => {
      owed = missed || callOff !== undefined;
      callOff?.();
      stopWaiting();
      window.removeEventListener("focus", refresh);
      document.removeEventListener("visibilitychange", refreshWhenVisible);
      stopListening();
    };
  }, []);
}
