import { type Reason, reasons } from "../../server/contracts/errors.ts";
import type { LinkNews } from "../../server/contracts/link-news.ts";
import { words as activityWords } from "../activity/words.ts";
import { words as news } from "./news-words.ts";

/** The message to a user about a Link that ended without their tab. */
export interface ShownNews extends Words {
  id: string;
  /** The Item of an update. */
  itemId: string | null;
}

/** `room`: the number of accounts that the plan has room for now. */
export function toShownNews(one: LinkNews, { room }: { room: number }): ShownNews {
  return { id: one.id, itemId: one.itemId, ...wordsOf(one, room) };
}

interface Words {
  title: string;
  message: string;
  /** What the user can do, the best first; empty on success. */
  ways: ("connect" | "reconnect" | "plans")[];
}

function wordsOf({ outcome, bank: name, reason }: LinkNews, room: number): Words {
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
      // The user was not there to choose which accounts to connect.
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
