import { startTransition, useEffect, useState } from "react";

/**
 * What was promised last and is there: the page shows it until what was promised since has come, so
 * that a chart is never taken away to wait for its successor.
 */
export function useSettled<T>(coming: T | Promise<T>): T | Promise<T> {
  const [settled, setSettled] = useState<{ value: T } | null>(null);
  useEffect(() => {
    let wanted = true;
    Promise.resolve(coming).then(
      (value) => {
        // What the page still hydrates comes first.
        if (wanted) startTransition(() => setSettled({ value }));
      },
      // It was cut off on its way: what was there before stays.
      () => {},
    );
    return () => {
      wanted = false;
    };
  }, [coming]);
  if (!(coming instanceof Promise)) return coming;
  return settled ? settled.value : coming;
}
