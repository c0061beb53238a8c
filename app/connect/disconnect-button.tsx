import { Unplug } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { Button } from "../components/button.tsx";
import { hideToast, showProblem } from "../components/toasts.tsx";
import type { ShownItem } from "../dashboard/to-shown-item.server.ts";
import { text } from "../text.ts";
import { whenIdle } from "./when-idle.ts";

const loadDialog = () => import("./disconnect-dialog.tsx");
const DisconnectDialog = lazy(async () => ({ default: (await loadDialog()).DisconnectDialog }));
/** Only loads in advance: a failure is reported when the user presses the button. */
const prepare = () => void loadDialog().catch(() => {});

/** Removes a bank, after a dialog that lists what is removed and asks for a phrase. */
export function useDisconnect(item: ShownItem) {
  // The dialog stays rendered after it was opened, so that it can return the focus.
  const [asked, setAsked] = useState(false);
  const [asking, setAsking] = useState(false);
  useEffect(() => whenIdle(prepare), []);

  async function requestDisconnect() {
    // On a phone the toast would cover the dialog.
    hideToast("connect");
    try {
      await loadDialog();
    } catch {
      const { disconnect: title, network: message, tryAgain: label } = text.problem;
      // Some browsers remember a failed import until the page is reloaded.
      const run = () => (navigator.onLine ? location.reload() : void requestDisconnect());
      showProblem("connect", { title, message, actions: [{ label, run }] });
      return;
    }
    setAsked(true);
    setAsking(true);
  }

  const dialog = asked ? (
    <Suspense>
      <DisconnectDialog item={item} open={asking} onClose={() => setAsking(false)} />
    </Suspense>
  ) : null;
  return { ask: requestDisconnect, prepare, dialog };
}

/** The button of a bank that provides no more data. */
export function DisconnectButton({ item }: { item: ShownItem }) {
  const { ask, dialog } = useDisconnect(item);
  return (
    <>
      <Button
        kind="secondary"
        icon={<Unplug className="size-4" aria-hidden="true" />}
        aria-haspopup="dialog"
        aria-label={text.disconnect.bank(item.bank)}
        onPointerEnter={prepare}
        onFocus={prepare}
        onClick={ask}
      >
        {text.disconnect.button}
      </Button>
      {dialog}
    </>
  );
}
