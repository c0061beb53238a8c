import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useRef } from "react";

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  lead: string;
  /** Whether Escape and presses outside do not close it, because its content would be lost. */
  stay?: boolean;
  /** Whether the element that opened it is about to disappear; read when it closes. */
  openerGoes?: { current: boolean };
  children: ReactNode;
}

/**
 * A dialog over the page. It keeps the focus inside, and returns it when it closes: to the element that had
 * it, or to the page's content if that element is gone or going.
 */
export function Dialog({
  open,
  onOpenChange,
  title,
  lead,
  stay,
  openerGoes,
  children,
}: DialogProps) {
  const opener = useRef<Element | null>(null);
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-30 bg-scrim" />
        <Radix.Content
          onOpenAutoFocus={() => {
            opener.current = document.activeElement;
          }}
          onCloseAutoFocus={(event) => {
            // Radix returns the focus only to its own triggers.
            event.preventDefault();
            const { current } = opener;
            const there =
              current instanceof HTMLElement && current !== document.body && !openerGoes?.current;
            const back =
              there && current.isConnected ? current : document.getElementById("content");
            back?.focus({ preventScroll: true });
          }}
          onPointerDownOutside={(event) => stay && event.preventDefault()}
          onEscapeKeyDown={(event) => stay && event.preventDefault()}
          className="fixed top-1/2 left-1/2 z-40 max-h-[90dvh] w-[min(30rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 overflow-y-auto rounded-2xl border border-line bg-surface p-5 shadow-raised outline-none sm:p-6"
        >
          <Radix.Title className="text-lg font-semibold">{title}</Radix.Title>
          <Radix.Description className="mt-1 text-ink-soft">{lead}</Radix.Description>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
