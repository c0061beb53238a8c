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
 * way that the words could be mistaken for. `room`: accounts that the plan has room for now.
 */
export function useLinkNews(news: LinkNews[], { room }: { room: number }): void {
  const { step, open } = useConnect();
  const navigate = useNavigate();
  const isIdle = step.name === "idle";
  useEffect(() => {
    if (!isIdle || document.visibilityState !== "visible") return;
    for (const one of news) {
      if (said.has(one.id)) continue;
      said.add(one.id);
      const { title, message, ways } = wordsOf(one, room);
      const place = `news ${one.id}`;
      const actions = ways.map((way) =>
        way === "plans"
          ? { label: text.plan.see, run: () => navigate("/settings/plan") }
          : {
              label: way === "reconnect" ? text.connect.reconnect : text.news.again,
              run: () => open({ itemId: way === "reconnect" ? one.itemId : null, returned: null }),
            },
      );
      if (actions.length === 0) showSuccess(place, title);
      else showProblem(place, { title, message, actions });
      void markTold(one.id);
    }
  }, [news, room, isIdle, open, navigate]);
}

interface Words {
  title: string;
  message: string;
  /** The ways on, the best first; none where all is well. */
  ways: ("connect" | "reconnect" | "plans")[];
}

function wordsOf({ outcome, bank: name, reason }: LinkNews, room: number): Words {
  const { news } = text;
  const bank = name ?? news.yourBank;
  const why = reason && Object.hasOwn(reasons, reason) ? reasons[reason as Reason].message : "";
  const isFull = reason === "limit_reached";
  switch (outcome) {
    case "connected":
      return { title: news.connected(bank), message: "", ways: [] };
    case "already_connected":
      return { title: news.alreadyConnected(bank), message: "", ways: [] };
    case "reconnected":
      return isFull
        ? { title: news.reconnected(bank), message: activityWords.noneAdded, ways: ["plans"] }
        : { title: news.reconnected(bank), message: "", ways: [] };
    case "not_reconnected":
      return { title: news.notReconnected(bank), message: why, ways: ["reconnect"] };
    case "not_connected": {
      const title = news.notConnected(bank);
      if (!isFull) return { title, message: why, ways: ["connect"] };
      // Nobody was there to be asked which of the accounts to connect.
      return room > 0
        ? { title, message: news.someRoom(room), ways: ["connect", "plans"] }
        : { title, message: why, ways: ["plans"] };
    }
    case "not_received":
      return { title: news.notConnected(bank), message: news.notReceived(bank), ways: ["connect"] };
    case "too_late":
      return { title: news.notConnected(bank), message: news.tooLate(bank), ways: ["connect"] };
  }
}

/** If this request fails, another page shows the message again. */
async function markTold(id: string): Promise<void> {
  const body = new URLSearchParams({ id });
  await fetch("/link-news", { method: "POST", body }).catch(() => {});
}
