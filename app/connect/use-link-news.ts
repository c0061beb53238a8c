import { useNavigate } from "@remix-run/react";
import { useEffect } from "react";
import { showProblem, showSuccess } from "../components/toasts.tsx";
import { text } from "../text.ts";
import { useConnect } from "./connect-context.ts";
import type { ShownNews } from "./to-shown-news.server.ts";

/** The messages that this page has shown: its data is loaded repeatedly. */
const announced = new Set<string>();

/**
 * Shows the user how Links ended without their tab, once they look at the page and nothing else is in
 * progress that the messages could be confused with.
 */
export function useLinkNews(news: ShownNews[]): void {
  const { step, open } = useConnect();
  const navigate = useNavigate();
  const isIdle = step.name === "idle";
  useEffect(() => {
    if (!isIdle || document.visibilityState !== "visible") return;
    for (const one of news) {
      if (announced.has(one.id)) continue;
      announced.add(one.id);
      const { title, message, ways } = one;
      const place = `news ${one.id}`;
      const [first, ...others] = ways.map((way) =>
        way === "plans"
          ? { label: text.plan.see, run: () => navigate("/settings/plan") }
          : {
              label: way === "reconnect" ? text.connect.reconnect : text.connect.itAgain,
              run: () => open({ itemId: way === "reconnect" ? one.itemId : null, returned: null }),
            },
      );
      if (first) showProblem(place, { title, message, actions: [first, ...others] });
      else showSuccess(place, title);
      void markSeen(one.id);
    }
  }, [news, isIdle, open, navigate]);
}

/** If this request fails, another page shows the message again. */
async function markSeen(id: string): Promise<void> {
  const body = new URLSearchParams({ id });
  await fetch("/link-news", { method: "POST", body }).catch(() => {});
}
