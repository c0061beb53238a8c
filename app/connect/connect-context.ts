import { createContext, useContext, useSyncExternalStore } from "react";

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

/** What changes while a connection goes on. */
export interface ConnectState {
  step: ConnectStep;
  /** The Item that just came; null again after a while. */
  arrival: Arrival | null;
}

export interface ConnectActions {
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

export type ConnectStore = ReturnType<typeof createConnectStore>;

/**
 * The state of the flow, apart from the context: a context that changes is taken by React for a change
 * to all below it that has not come yet, and what is streamed would be thrown away.
 */
export function createConnectStore() {
  let state: ConnectState = { step: { name: "idle" }, arrival: null };
  const watchers = new Set<() => void>();
  return {
    now: () => state,
    change(change: Partial<ConnectState>) {
      state = { ...state, ...change };
      for (const watch of watchers) watch();
    },
    watch(watch: () => void) {
      watchers.add(watch);
      return () => watchers.delete(watch);
    },
  };
}

/** The state of the flow as it is now; the component follows it. */
export function useConnectState({ watch, now }: ConnectStore): ConnectState {
  return useSyncExternalStore(watch, now, now);
}

export const ConnectContext = createContext<{
  store: ConnectStore;
  actions: ConnectActions;
} | null>(null);

/** The one connection flow of the page. */
export function useConnect(): ConnectState & ConnectActions {
  const connect = useContext(ConnectContext);
  if (!connect) throw new Error("useConnect works only inside ConnectProvider");
  return { ...useConnectState(connect.store), ...connect.actions };
}
