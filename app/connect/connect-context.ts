import { createContext, useContext, useSyncExternalStore } from "react";
import { createStore } from "../store.ts";
import { start, transition } from "./connect-machine.ts";
import type { ConnectEffect, ConnectEvent, ConnectState, OpenRequest } from "./connect-types.ts";

/** The button that opens Link: a page has one at most. */
export const connectButtonId = "connect-a-bank";

export type ConnectStore = ReturnType<typeof createConnectStore>;

/**
 * Runs the connect machine. The state lives outside React's context: when a context changes, React
 * takes all that is still being streamed below it for changed, and throws it away.
 */
export function createConnectStore(
  perform: (effect: ConnectEffect, send: (event: ConnectEvent) => void) => void,
) {
  const { now, set, watch } = createStore<ConnectState>(start);
  const send = (event: ConnectEvent) => {
    const [next, effects] = transition(now(), event);
    set(next);
    for (const effect of effects) perform(effect, send);
  };
  return {
    ...{ send, now, watch },
    open: (request: OpenRequest) => send({ type: "open", request }),
    changeAccounts: (itemId: string | null) => send({ type: "changeAccounts", itemId }),
  };
}

/** The state of the flow as it is now; the component follows it. */
export function useConnectState({ watch, now }: ConnectStore): ConnectState {
  return useSyncExternalStore(watch, now, now);
}

export const ConnectContext = createContext<{
  store: ConnectStore;
  prepare: () => void;
} | null>(null);

/**
 * The one connection flow of the page. `open` does nothing while a run is under way; `changeAccounts`
 * shows the dialog of one Item, or none; `prepare` fetches ahead what the flow will need.
 */
export function useConnect() {
  const connect = useContext(ConnectContext);
  if (!connect) throw new Error("useConnect works only inside ConnectProvider");
  const { store, prepare } = connect;
  const { open, changeAccounts } = store;
  return { ...useConnectState(store), open, changeAccounts, prepare };
}
