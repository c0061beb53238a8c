import { useEffect, useRef } from "react";
import { Toaster as Sonner, toast } from "sonner";
import { text } from "../text.ts";

// Separate from toasts.tsx, so that it is loaded when the first toast is shown.

export { toast };

/** Where toasts appear. After `onReady`, toasts are shown and none is lost. */
export default function Toaster({ onReady }: { onReady: () => void }) {
  const region = useRef<HTMLDivElement>(null);
  useEffect(onReady, [onReady]);
  useEffect(() => letTabLeave(region.current as HTMLDivElement), []);
  return (
    <div ref={region} className="contents">
      <Sonner
        containerAriaLabel={text.settings.notifications}
        position="bottom-right"
        gap={10}
        offset={24}
        mobileOffset={16}
      />
    </div>
  );
}

/**
 * Sonner returns the focus to where it came from whenever it leaves the toasts. That is right after a toast
 * was closed; after Tab, the next Tab would lead back to the toasts for as long as one is shown.
 */
function letTabLeave(region: HTMLElement): () => void {
  let isTab = false;
  const note = (event: Event) => {
    isTab = event instanceof KeyboardEvent && event.key === "Tab";
  };
  const hold = (event: FocusEvent) => {
    if (isTab && !region.contains(event.relatedTarget as Node | null)) event.stopPropagation();
  };
  document.addEventListener("keydown", note, true);
  document.addEventListener("pointerdown", note, true);
  region.addEventListener("focusout", hold);
  return () => {
    document.removeEventListener("keydown", note, true);
    document.removeEventListener("pointerdown", note, true);
    region.removeEventListener("focusout", hold);
  };
}
