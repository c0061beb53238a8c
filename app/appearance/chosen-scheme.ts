import { useSyncExternalStore } from "react";
import { showProblem } from "../components/toasts.tsx";
import { createStore } from "../store.ts";
import { text } from "../text.ts";
import type { Scheme } from "./scheme.ts";

/** What was chosen on this page, `system` included; null before. */
const chosen = createStore<string | null>(null);

/** How long a choice may take until it counts as not stored, and the next one is sent. Milliseconds. */
const timeout = 10_000;

/** The last request, so that a choice is sent after the ones before it. */
let sent: Promise<Response | null> = Promise.resolve(null);

/** The scheme to show: the one chosen on this page, or else `kept`. Null: the system's. */
export function useChosenScheme(kept: Scheme | null): Scheme | null {
  const here = useSyncExternalStore(chosen.watch, chosen.now, () => null);
  if (here === null) return kept;
  return here === "light" || here === "dark" ? here : null;
}

/** Shows a scheme at once and stores it. If that fails, the previous one comes back. */
export async function chooseScheme(scheme: string): Promise<void> {
  const before = chosen.now();
  chosen.set(scheme);
  const body = new URLSearchParams({ scheme });
  // Its response is a redirect, which is for browsers without scripts.
  const options = { method: "POST", body, redirect: "manual" } as const;
  const send = () => fetch("/appearance", { ...options, signal: AbortSignal.timeout(timeout) });
  sent = sent.then(() => send().catch(() => null));
  const response = await sent;
  if (response?.type === "opaqueredirect") return;
  if (chosen.now() === scheme) chosen.set(before);
  const { form: title, formKept: message, tryAgain: label } = text.problem;
  showProblem("form", {
    title,
    message,
    actions: [{ label, run: () => void chooseScheme(scheme) }],
  });
}
