import { useEffect, useRef } from "react";
import { connectButtonId } from "./connect-context.ts";
import type { ConnectState } from "./connect-types.ts";

/**
 * Returns the focus when a run ends: Link had taken it, and the button that was pressed may have been
 * replaced. Not if a new card has taken the focus, or the user has focused something else.
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
