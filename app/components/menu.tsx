import { Ellipsis } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { buttonClass } from "./button.tsx";

/** One action of a menu. */
export interface MenuAction {
  label: string;
  icon: ReactNode;
  /** It removes something: shown separately, at the end. */
  danger?: boolean;
  /** It is running or not possible at the moment: pressing it does nothing. */
  busy?: boolean;
  run: () => void;
}

interface MenuProps {
  /** The text of the button; a phone shows an icon instead. */
  label: string;
  /** The name of the button for screen readers. */
  name: string;
  actions: MenuAction[];
  /** Called when the user is about to open it, or has opened it. */
  onApproach: () => void;
}

/**
 * A button with a menu of actions. It uses the browser's popover, which closes by itself, returns the focus
 * and is never clipped. Its content is rendered while it is open.
 */
export function Menu({ label, name, actions, onApproach }: MenuProps) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);

  useEffect(() => {
    const popover = menu.current as HTMLDivElement;
    const before = (event: Event) => {
      if ((event as ToggleEvent).newState !== "open") return;
      const { bottom, right } = (button.current as HTMLElement).getBoundingClientRect();
      popover.style.top = `${bottom + scrollY + 4}px`;
      popover.style.left = `max(0.5rem, ${right + scrollX}px - 16rem)`;
      flushSync(() => setOpen(true));
      // The browser focuses it when it shows the popover.
      itemsOf(popover)[0]?.setAttribute("autofocus", "");
    };
    const after = (event: Event) => {
      if ((event as ToggleEvent).newState !== "open") return setOpen(false);
      popover.scrollIntoView({ block: "nearest" });
    };
    popover.addEventListener("beforetoggle", before);
    popover.addEventListener("toggle", after);
    return () => {
      popover.removeEventListener("beforetoggle", before);
      popover.removeEventListener("toggle", after);
    };
  }, []);

  return (
    <>
      <button
        ref={button}
        type="button"
        {...{ popovertarget: id }}
        aria-haspopup="menu"
        aria-label={name}
        onPointerEnter={onApproach}
        onFocus={onApproach}
        className={buttonClass(
          "quiet",
          "-mr-2 shrink-0 px-2.5 noscript:hidden max-sm:w-11 max-sm:px-0",
        )}
      >
        <Ellipsis className="size-4.5 sm:hidden" aria-hidden="true" />
        <span className="max-sm:hidden">{label}</span>
      </button>
      <div
        ref={menu}
        id={id}
        role="menu"
        aria-label={name}
        {...{ popover: "auto" }}
        onKeyDown={moveFocus}
        className="absolute inset-auto m-0 w-64 scroll-my-4 rounded-xl border border-line bg-surface p-1.5 text-ink shadow-raised"
      >
        {open
          ? actions.map(({ label, icon, danger, busy, run }) => (
              <button
                key={label}
                type="button"
                role="menuitem"
                tabIndex={-1}
                aria-disabled={busy || undefined}
                onClick={() => {
                  if (busy) return;
                  menu.current?.hidePopover();
                  run();
                }}
                className={`flex hit-area w-full cursor-pointer items-center gap-2.5 rounded-lg px-3 text-left text-sm font-medium hover:bg-sunken -outline-offset-2 focus:bg-sunken aria-disabled:cursor-not-allowed aria-disabled:text-ink-soft ${danger ? "mt-1.5 text-danger" : ""}`}
              >
                {icon}
                {label}
              </button>
            ))
          : null}
      </div>
    </>
  );
}

const itemsOf = (menu: HTMLElement) => [...menu.querySelectorAll<HTMLElement>("[role=menuitem]")];

/** https://www.w3.org/WAI/ARIA/apg/patterns/menubar/ */
function moveFocus(event: KeyboardEvent<HTMLDivElement>) {
  const menu = event.currentTarget;
  const items = itemsOf(menu);
  const at = items.indexOf(document.activeElement as HTMLElement);
  const to = {
    ArrowDown: (at + 1) % items.length,
    ArrowUp: at <= 0 ? items.length - 1 : at - 1,
    Home: 0,
    End: items.length - 1,
  }[event.key];
  if (event.key === "Tab") menu.hidePopover();
  if (to === undefined) return;
  event.preventDefault();
  items[to]?.focus();
}
