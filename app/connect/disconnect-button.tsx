import { Unplug } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { Button } from "../components/button.tsx";
import { hideToast, showProblem } from "../components/toasts.tsx";
import type { ShownItem } from "../dashboard/write-item.server.ts";
import { text } from "../text.ts";
import { whenIdle } from "./when-idle.ts";

const loadDialog = () => import("./disconnect-dialog.tsx");
const DisconnectDialog = lazy(async () => ({ default: (await loadDialog()).DisconnectDialog }));
/** Only fetched ahead: whoever presses the button hears of a failure then. */
const prepare = () => void loadDialog().catch(() => {});

interface DisconnectButtonProps {
  item: ShownItem;
  /** As the way on for a bank that gives no more data, rather than an icon beside its name. */
  inWords?: boolean;
}

/** Takes a bank away, after a dialog that says what goes with it and asks for a phrase. */
export function DisconnectButton({ item, inWords = false }: DisconnectButtonProps) {
  // The dialog stays once it was asked for, so that it can give the focus back.
  const [asked, setAsked] = useState(false);
  const [asking, setAsking] = useState(false);
  useEffect(() => whenIdle(prepare), []);

  async function ask() {
    // On a phone it would lie over the dialog.
    hideToast("connect");
    try {
      await loadDialog();
    } catch {
      const { disconnect: title, network: message, tryAgain: label } = text.problem;
      // Some browsers remember a failed import for as long as the page is open: then only another helps.
      const run = () => (navigator.onLine ? location.reload() : void ask());
      showProblem("connect", { title, message, actions: [{ label, run }] });
      return;
    }
    setAsked(true);
    setAsking(true);
  }

  const opens = {
    "aria-haspopup": "dialog",
    "aria-label": text.disconnect.bank(item.bank),
    onPointerEnter: prepare,
    onFocus: prepare,
    onClick: ask,
  } as const;
  const icon = <Unplug className="size-4" aria-hidden="true" />;
  return (
    <>
      {inWords ? (
        <Button kind="secondary" icon={icon} {...opens}>
          {text.disconnect.button}
        </Button>
      ) : (
        <button
          type="button"
          title={text.disconnect.button}
          {...opens}
          className="-mr-2 grid size-9 shrink-0 cursor-pointer place-items-center rounded-lg text-ink-soft transition-colors hover:bg-sunken hover:text-ink pointer-coarse:size-11"
        >
          {icon}
        </button>
      )}
      {asked ? (
        <Suspense>
          <DisconnectDialog item={item} open={asking} onClose={() => setAsking(false)} />
        </Suspense>
      ) : null}
    </>
  );
}
