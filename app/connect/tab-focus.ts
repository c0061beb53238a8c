const name = "fiscility.looks";

/**
 * Notifies the tabs of this browser, including this one, whenever the user looks at this tab. Returns a
 * function that stops it.
 */
export function announceFocus(): () => void {
  const channel = new BroadcastChannel(name);
  const announce = () => channel.postMessage(null);
  const announceWhenVisible = () => {
    if (document.visibilityState === "visible") announce();
  };
  window.addEventListener("focus", announce);
  document.addEventListener("visibilitychange", announceWhenVisible);
  return () => {
    window.removeEventListener("focus", announce);
    document.removeEventListener("visibilitychange", announceWhenVisible);
    channel.close();
  };
}

/** Resolves when the user next looks at a tab of this browser, or `signal` aborts. */
export function untilFocused(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const channel = new BroadcastChannel(name);
    const done = () => {
      channel.close();
      signal.removeEventListener("abort", done);
      resolve();
    };
    channel.onmessage = done;
    signal.addEventListener("abort", done, { once: true });
  });
}
