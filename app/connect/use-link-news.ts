import { useNavigate } from "@remix-run/react";
import { useEffect } from "react";
import { type Reason, reasons } from "../../server/contracts/errors.ts";
import type { LinkNews } from "../../server/contracts/link-news.ts";
import { words as activityWords } from "../activity/words.ts";
import { showProblem, showSuccess } from "../components/toasts.tsx";
import { text } from "../text.ts";
import { useConnect } from "./connect-context.ts";

/** What this page has said already: its data is loaded again and again. */
const said = new Set<string>();

/**
 * Tells the user of Links that ended without their tab, once they look at the page and nothing else is under
 * way that the words could be mistaken for.
 */
export function useLinkNews(news: LinkNews[]): void {
  const { step, open } = useConnect();
  const navigate = useNavigate();
  const isIdle = step.name === "idle";
  useEffect(() => {
    if (!isIdle || document.visibilityState !== "visible") return;
    for (const one of news) {
      if (said.has(one.id)) continue;
      said.add(one.id);
      const { title, message, next } = wordsOf(one);
      const place = `news ${one.id}`;
      if (next === null) showSuccess(place, title);
      else {
        const itemId = next === "reconnect" ? one.itemId : null;
        const action =
          next === "plans"
            ? { label: text.plan.see, run: () => navigate("/settings/plan") }
            : {
                label: next === "reconnect" ? text.connect.reconnect : text.news.again,
                run: () => open({ itemId, returned: null }),
              };
        showProblem(place, { title, message, actions: [action] });
      }
      void markTold(one.id);
    }
  }, [news, isIdle, open, navigate]);
}

/** The way on beside the words; null where all is well. */
type Next = "connect" | "reconnect" | "plans" | null;

function wordsOf({ outcome, bank: name, reason }: LinkNews): {
  title: string;
  message: string;
  next: Next;
} {
  const { news } = text;
  const bank = name ?? news.yourBank;
  const why = reason && Object.hasOwn(reasons, reason) ? reasons[reason as Reason].message : "";
  const isFull = reason === "limit_reached";
  switch (outcome) {
    case "connected":
      return { title: news.connected(bank), message: "", next: null };
    case "already_connected":
      return { title: news.alreadyConnected(bank), message: "", next: null };
    case "reconnected":
      return isFull
        ? { title: news.reconnected(bank), message: activityWords.noneAdded, next: "plans" }
        : { title: news.reconnected(bank), message: "", next: null };
    case "not_reconnected":
      return { title: news.notReconnected(bank), message: why, next: "reconnect" };
    case "not_connected":
      return { title: news.notConnected(bank), message: why, next: isFull ? "plans" : "connect" };
    case "not_received":
      return { title: news.notConnected(bank), message: news.notReceived(bank), next: "connect" };
    case "too_late":
      return { title: news.notConnected(bank), message: news.tooLate(bank), next: "connect" };
  }
}

/** If this request fails, another page shows the message again. */
async function markTold(id: string): Promise<void> {
  const body = new URLSearchParams({ id });
  await fetch("/link-news", { method: "POST", body }).catch(() => {});
}
