import { createContext, useContext } from "react";

/** Where a connection stands. One at a time. */
export type ConnectStep =
  | { name: "idle" }
  /** The link_token and Link's script are being fetched. */
  | { name: "opening" }
  /** Link is open. */
  | { name: "linking" }
  /** Link is done; the server connects the accounts. */
  | { name: "connecting"; bank: string | null; accountCount: number; busy: boolean }
  /** Link's update mode is done; the server asks whether the bank works again. */
  | { name: "reconnecting"; itemId: string };

/** An Item just connected: its card is highlighted when the page has it. */
export interface Arrival {
  itemId: string;
  bank: string;
  accountCount: number;
}

export interface Connect {
  step: ConnectStep;
  /** The Item that just came; null again after a while. */
  arrival: Arrival | null;
  /** Opens Link. Does nothing while a connection is under way. */
  start: () => void;
  /** Opens Link in update mode, for an Item whose bank asks for a new log-in. */
  reconnect: (itemId: string) => void;
  /** Goes on after a bank's own site sent the person back, with what Link was opened with. */
  resume: (link: { linkToken: string; itemId: string | null }, receivedRedirectUri: string) => void;
  /** Fetches ahead what `start` will need. */
  prepare: () => void;
}

/** The button that opens Link: a page has one at most. */
export const connectButtonId = "connect-a-bank";

export const ConnectContext = createContext<Connect | null>(null);

/** The one connection flow of the page. */
export function useConnect(): Connect {
  const connect = useContext(ConnectContext);
  if (!connect) throw new Error("useConnect works only inside ConnectProvider");
  return connect;
}
