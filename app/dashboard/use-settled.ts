import { startTransition, useEffect, useState } from "react";

/**
 * Returns the last value that was loaded, until the next one has been loaded too, so that a chart never
 * disappears while the next is loading.
 */
export function useSettled<T>(coming: T | Promise<T>): T | Promise<T> {
  const [settled, setSettled] = useState<{ value: T } | null>(null);
  useEffect(() => {
    let wanted = true;
    Promise.resolve(coming).then(
      (value) => {
        // Hydrating the rest of the page has priority.
        if (wanted) startTransition(() => setSettled({ value }));
      },
      // The load was cancelled: the last value stays.
      () => {},
    );
    return () => {
      wanted = false;
    };
  }, [coming]);
  if (!(coming instanceof Promise)) return coming;
  return settled ? settled.value : coming;
}
