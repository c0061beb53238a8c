import { useNavigate } from "@remix-run/react";
import { useState } from "react";
import { reloadPage, showProblem, showSuccess } from "../components/toasts.tsx";
import type { ShownItem } from "../dashboard/to-shown-item.server.ts";
import { secondsToRefresh, toFailure } from "../failure.ts";
import { text } from "../text.ts";
import { loadTrpc } from "../trpc.ts";
import { announceAccounts } from "./account-news.ts";

const words = text.refresh;

/**
 * Requests the bank's newest data, which appears by itself once it is loaded. Null where that is not
 * possible.
 */
export function useRefresh({ id: itemId, bank, refresh }: ShownItem) {
  const [asking, setAsking] = useState(false);
  const navigate = useNavigate();
  if (refresh === null) return null;
  const busy = asking || refresh === "running";

  async function requestRefresh() {
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
      const { requestId, retryable } = failure;
      // While the user has to wait, another press would fail as well.
      const action =
        seconds !== null
          ? { label: words.seeTransactions, run: () => navigate("/transactions") }
          : retryable
            ? { label: text.problem.tryAgain, run: () => void requestRefresh() }
            : reloadPage;
      showProblem("connect", { title: words.failed, message, requestId, actions: [action] });
    }
    announceAccounts(null);
    setAsking(false);
  }

  return { busy, ask: requestRefresh };
}
