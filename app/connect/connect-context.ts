import { createContext, useContext, useSyncExternalStore } from "react";
import { reloadPage, showProblem } from "../components/toasts.tsx";
import { createStore } from "../store.ts";
import { text } from "../text.ts";
import { start } from "./connect-state.ts";
import type { ConnectEvent, ConnectState, OpenRequest } from "./connect-types.ts";
import type { ConnectPage } from "./perform-effect.ts";

/** The id of the button that opens Link: a page has at most one. */
export const connectButtonId = "connect-a-bank";

type Flow = typeof import("./connect-flow.ts");
const loadFlow = () => import("./connect-flow.ts");
/** Only loads in advance: a failure is reported when the user presses a button. */
export const prepareFlow = () => void loadFlow().catch(() => {});

export type ConnectStore = ReturnType<typeof createConnectStore>;

/**
 * Runs the connect machine, whose code is loaded with the first event. The state is kept outside React's
 * context: when a context changes, React considers everything below it that is still being streamed as
 * changed, and discards it.
 *
 * @param page the page that the flow runs on, as it is when it is loaded
 */
export function createConnectStore(page: () => ConnectPage) {
  const { now, set, watch } = createStore<ConnectState>(start);
  let flow: Flow | null = null;
  /** The events that wait for the code. */
  let waiting: ConnectEvent[] = [];

  function send(event: ConnectEvent): void {
    if (flow) {
      const [next, effects] = flow.transition(now(), event);
      set(next);
      for (const effect of effects) flow.performEffect(effect, send, page());
    } else if (event.type === "leave") {
      waiting = [];
    } else {
      // The button is busy from the press on, while the code is loaded.
      if (event.type === "open")
        set({ ...start, step: { name: "opening", request: event.request } });
      if (waiting.push(event) === 1) loadFlow().then(begin, fail);
    }
  }

  function begin(loaded: Flow): void {
    // A second load, after the user had left before the first one ended.
    if (flow) return;
    flow = loaded;
    set(start);
    for (const event of waiting) send(event);
  }

  function fail(): void {
    waiting = [];
    set(start);
    const { link: title, notLoaded: message } = text.problem;
    showProblem("connect", { title, message, actions: [reloadPage] });
  }

  return {
    ...{ send, now, watch },
    /** Not null once a run has begun. */
    flow: () => flow,
    open: (request: OpenRequest) => send({ type: "open", request }),
    changeAccounts: (itemId: string | null) => send({ type: "changeAccounts", itemId }),
  };
}

/** The current state of the flow; the component renders again when it changes. */
export function useConnectState({ watch, now }: ConnectStore): ConnectState {
  return useSyncExternalStore(watch, now, now);
}

export const ConnectContext = createContext<{
  store: ConnectStore;
  prepare: () => void;
} | null>(null);

/**
 * The one connection flow of the page. `open` does nothing while a run is in progress; `changeAccounts` shows
 * the dialog of one Item, or none; `prepare` loads in advance what the flow will need.
 */
export function useConnect() {
  const connect = useContext(ConnectContext);
  if (!connect) throw new Error("useConnect works only inside ConnectProvider");
  const { store, prepare } = connect;
  const { open, changeAccounts } = store;
  return { ...useConnectState(store), open, changeAccounts, prepare };
}
