import { useEffect } from "react";
import { Toaster as Sonner, toast } from "sonner";

// Apart from toasts.tsx, so that it is loaded when there is something to say.

export { toast };

/** Where toasts appear. `onReady`: from then on they are shown, and none is lost. */
export default function Toaster({ onReady }: { onReady: () => void }) {
  useEffect(onReady, [onReady]);
  return <Sonner position="bottom-right" gap={10} offset={24} mobileOffset={16} />;
}
