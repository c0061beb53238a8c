import { useRevalidator } from "@remix-run/react";
import { useEffect, useState } from "react";

/** An attempt whose result is still missing after so many reads waits for the worker. */
const maxReads = 15;

/**
 * Reads the page again while a result is `expected` (a name for the attempt; null for none): a second after
 * each read, which is not cancelled by the next one if it takes longer.
 */
export function useSending(expected: string | null): void {
  const { revalidate, state } = useRevalidator();
  const [reads, setReads] = useState({ of: expected, count: 0 });
  const count = reads.of === expected ? reads.count : 0;
  useEffect(() => {
    if (expected === null || count >= maxReads || state !== "idle") return;
    const timer = setTimeout(() => {
      setReads({ of: expected, count: count + 1 });
      revalidate();
    }, 1_000);
    return () => clearTimeout(timer);
  }, [expected, count, state, revalidate]);
}
