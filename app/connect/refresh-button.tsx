import { RefreshCw } from "lucide-react";
import { useState } from "react";
import { Button } from "../components/button.tsx";
import { showProblem, showSuccess } from "../components/toasts.tsx";
import type { ShownItem } from "../dashboard/write-item.server.ts";
import { secondsToRefresh, toFailure } from "../failure.ts";
import { text } from "../text.ts";
import { loadTrpc } from "../trpc.ts";
import { announceAccounts } from "./account-news.ts";

const words = text.refresh;

/** Asks the bank for its newest data, which comes by itself once it is there. */
export function RefreshButton({ item: { id: itemId, bank, refresh } }: { item: ShownItem }) {
  const [asking, setAsking] = useState(false);
  if (refresh === null) return null;
  const busy = asking || refresh === "running";

  async function ask() {
    if (busy) return;
    setAsking(true);
    try {
      const trpc = await loadTrpc();
      await trpc.items.refresh.mutate({ itemId });
      showSuccess("connect", words.asked(bank));
    } catch (error) {
      const failure = toFailure(error);
      const seconds = secondsToRefresh(failure);
      const message = seconds === null ? failure.message : words.wait(Math.ceil(seconds / 60));
      const { requestId } = failure;
      showProblem("connect", { title: words.failed, message, requestId, actions: [] });
    }
    announceAccounts(null);
    setAsking(false);
  }

  return (
    <Button
      kind="quiet"
      className="max-sm:px-2.5"
      icon={<RefreshCw className="-ml-0.5 size-4 max-sm:hidden" aria-hidden="true" />}
      busy={busy}
      aria-label={busy ? `${words.busy} ${bank}` : words.bank(bank)}
      onClick={ask}
    >
      {busy ? words.busy : words.button}
    </Button>
  );
}
