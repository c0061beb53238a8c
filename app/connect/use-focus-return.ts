import { useEffect, useRef } from "react";
import { connectButtonId } from "./connect-context.ts";
import type { ConnectState } from "./connect-types.ts";

/**
 * Gives the focus back when a run ends: Link has taken it, and the button it came from may be
 * another one by now. A new card takes the focus for itself; so does a user who has moved on.
 */
export function useFocusReturn({ step, arrival }: ConnectState): void {
  const before = useRef({ step, arrival });
  useEffect(() => {
    const { current } = before;
    before.current = { step, arrival };
    const isOver = current.step.name !== "idle" && step.name === "idle";
    if (!isOver || arrival !== current.arrival || document.activeElement !== document.body) return;
    document.getElementById(connectButtonId)?.focus({ preventScroll: true });
  }, [step, arrival]);
}
