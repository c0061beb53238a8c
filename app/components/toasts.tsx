import { useLocation } from "@remix-run/react";
import { CircleAlert, CircleCheck, X } from "lucide-react";
import { type ReactElement, type ReactNode, useEffect, useSyncExternalStore } from "react";
import { createStore } from "../store.ts";
import { text } from "../text.ts";
import { Button } from "./button.tsx";
import { Reference } from "./reference.tsx";

type Sonner = typeof import("./toaster.tsx");
type Body = (dismiss: () => void) => ReactElement;

/** What `Toasts` renders: the library once it is loaded, and a toast that was shown without it. */
const stage = createStore<{ sonner: Sonner | null; plain: ReactElement | null }>({
  sonner: null,
  plain: null,
});

let onReady: () => void;
const ready = new Promise<void>((resolve) => {
  onReady = resolve;
});

/** Returns the library, rendered and listening. Rejects when it cannot be loaded; the next call retries. */
async function library(): Promise<Sonner> {
  const sonner = await import("./toaster.tsx");
  if (!stage.now().sonner) stage.set({ ...stage.now(), sonner });
  await ready;
  return sonner;
}

/** Loads in advance what toasts need. Without it, a plain toast is shown. */
export function prepareToasts(): void {
  library().catch(() => {});
}

/** Where toasts appear. Rendered once, in the root, so that most toasts stay when the page changes. */
export function Toasts() {
  const { sonner, plain } = useSyncExternalStore(stage.watch, stage.now, stage.now);
  const { pathname } = useLocation();
  // Its button sends a form of the page that is left.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the effect is about the change of the page.
  useEffect(() => () => hideToast("form"), [pathname]);
  return (
    <>
      {sonner ? <sonner.default onReady={onReady} /> : null}
      {plain ? (
        <div role="alert" className="fixed right-4 bottom-4 left-4 z-30 sm:left-auto">
          {plain}
        </div>
      ) : null}
    </>
  );
}

/**
 * The functions that hide the toast of each place. Every toast has its own id: with a reused id, sonner would
 * remove a new toast together with the old one that is still disappearing.
 */
const shown = new Map<string, () => void>();

let muted = false;

function show(place: string, body: Body, duration: number) {
  hideToast(place);
  if (muted && place !== "form") return;
  let wanted = true;
  shown.set(place, () => {
    wanted = false;
  });
  library().then(
    ({ toast }) => {
      if (!wanted) return;
      const id = toast.custom((id) => body(() => toast.dismiss(id)), { duration });
      shown.set(place, () => toast.dismiss(id));
    },
    () => {
      // Without a network the library cannot be loaded, but the error still has to be shown.
      if (!wanted) return;
      const dismiss = () => stage.set({ ...stage.now(), plain: null });
      stage.set({ ...stage.now(), plain: body(dismiss) });
      shown.set(place, dismiss);
    },
  );
}

/** Shows that something succeeded. It disappears after a while. Replaces the toast of its place. */
export function showSuccess(place: string, title: string): void {
  show(
    place,
    (dismiss) => (
      <ToastFrame onDismiss={dismiss}>
        <CircleCheck className="mt-0.5 size-4.5 shrink-0 text-accent" aria-hidden="true" />
        <p className="min-w-0 flex-1 pr-7 font-medium wrap-break-word">{title}</p>
      </ToastFrame>
    ),
    8_000,
  );
}

/** A button of a toast. */
export interface ToastAction {
  label: string;
  run: () => void;
}

/** Loads the page again. */
export const reloadPage: ToastAction = {
  label: text.problem.reload,
  run: () => location.reload(),
};

export interface Problem {
  title: string;
  message: string;
  requestId?: string | null;
  /** Ways to go on, as buttons, at least one; the first is the recommended one. */
  actions: [ToastAction, ...ToastAction[]];
}

/** Shows an error and how to go on, until the user dismisses it or acts. Replaces the toast of its place. */
export function showProblem(place: string, { title, message, requestId, actions }: Problem): void {
  show(
    place,
    (dismiss) => (
      <ToastFrame onDismiss={dismiss}>
        <span hidden data-unfinished />
        <CircleAlert className="mt-0.5 size-4.5 shrink-0 text-danger" aria-hidden="true" />
        <div className="min-w-0 flex-1">
          <p className="pr-7 font-medium">{title}</p>
          <p className="mt-0.5 text-sm text-ink-soft">{message}</p>
          <div className="mt-3 flex flex-wrap gap-2">
            {actions.map(({ label, run }) => (
              <Button
                key={label}
                kind="secondary"
                onClick={() => {
                  dismiss();
                  run();
                }}
              >
                {label}
              </Button>
            ))}
          </div>
          {requestId ? <Reference value={requestId} className="mt-3 text-ink-soft" /> : null}
        </div>
      </ToastFrame>
    ),
    Number.POSITIVE_INFINITY,
  );
}

/** Removes the toast of this place, because it is no longer true. */
export function hideToast(place: string): void {
  shown.get(place)?.();
  shown.delete(place);
}

/**
 * Removes every toast, because the user whom they concern has left, and shows only those of forms until the returned
 * function is called: a response to the user's last request may still come.
 */
export function muteToasts(): () => void {
  for (const place of [...shown.keys()]) hideToast(place);
  muted = true;
  return () => {
    muted = false;
  };
}

function ToastFrame({ children, onDismiss }: { children: ReactNode; onDismiss: () => void }) {
  return (
    <div className="relative flex w-full gap-3 rounded-xl border border-line bg-surface p-4 text-[0.9375rem] leading-normal text-ink shadow-raised sm:w-92">
      {children}
      <button
        type="button"
        onClick={onDismiss}
        aria-label={text.problem.dismiss}
        className="absolute top-2 right-2 grid size-9 cursor-pointer place-items-center rounded-lg text-ink-soft hover:bg-sunken hover:text-ink pointer-coarse:top-1 pointer-coarse:right-1 pointer-coarse:size-11"
      >
        <X className="size-4" aria-hidden="true" />
      </button>
    </div>
  );
}
