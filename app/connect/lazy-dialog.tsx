import { type ComponentType, lazy, useEffect } from "react";

interface OnFail {
  /** Called if the dialog's code cannot be loaded. */
  onFail: () => void;
}

/**
 * A dialog whose code is loaded when it is first rendered, inside `Suspense`. Calling `load` earlier loads it
 * in advance.
 */
export function lazyDialog<Props extends object>(load: () => Promise<ComponentType<Props>>) {
  const loaded = lazy(async () => ({
    default: await load().catch(() => Failed as ComponentType<Props>),
  }));
  // React's types of a lazy component do not support a generic one.
  return loaded as unknown as ComponentType<Props & OnFail>;
}

function Failed({ onFail }: Partial<OnFail>) {
  useEffect(() => onFail?.(), [onFail]);
  return null;
}
