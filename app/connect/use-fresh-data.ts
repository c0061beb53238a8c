import { useEffect, useRef } from "react";
import { isOwnRelease } from "../release.ts";
import { whenReachable } from "../when-reachable.ts";
import { newestKnown, onAccountNews } from "./account-news.ts";

/** The data is reloaded at most once in this time, in milliseconds: focus and visibility change together. */
const interval = 250;

/** The user left a page before its reload; the next page may have been loaded before the change too. */
let owed = false;

/**
 * Reloads the page's data, without a page load, when it changed (reported by `followChanges` or another tab)
 * and whenever the user comes back to this tab; without a network, once there is one. `dataVersion` is the
 * version of the page's data: changes up to that version are not loaded again. After a roll-out the page itself
 * is loaded again instead, once that loses nothing, and keeps its data until then.
 *
 * Nothing else requests a reload, and a running load is waited for: Remix reports a load that is cancelled by
 * the next one as an error. It reads the router itself, because the router's hooks are one render late.
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
    /** Cancels the scheduled reload, if there is one. */
    let callOff: (() => void) | undefined;
    /** Whether a change was announced during a load, which may have missed it. */
    let missed = false;
    const refresh = () => {
      if (callOff) return;
      // A call within the interval is delayed, never dropped: it may be the one that announces a change.
      const timer = setTimeout(
        () => {
          callOff = whenReachable(() => {
            callOff = undefined;
            missed = isLoading();
            if (missed) return;
            last = Date.now();
            router.revalidate();
          }, isOwnRelease);
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
    if (owed || newestKnown() > latest.current) refresh();
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
