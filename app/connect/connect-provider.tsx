import { useLocation, useNavigate } from "@remix-run/react";
import { type ReactNode, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { prepareToasts } from "../components/toasts.tsx";
import {
  ConnectContext,
  createConnectStore,
  prepareFlow,
  useConnectState,
} from "./connect-context.ts";
import type { ConnectProblem } from "./connect-types.ts";
import { lazyDialog } from "./lazy-dialog.tsx";
import { loadLinkScript } from "./load-link-script.ts";
import { useFocusReturn } from "./use-focus-return.ts";
import { whenIdle } from "./when-idle.ts";

const loadRoomDialog = async () => (await import("./room-dialog.tsx")).RoomDialog;
const RoomDialog = lazyDialog(loadRoomDialog);
const loadDecisionDialog = async () => (await import("./decision-dialog.tsx")).DecisionDialog;
const DecisionDialog = lazyDialog(loadDecisionDialog);

interface ConnectProviderProps {
  scriptUrl: string;
  children: ReactNode;
}

/**
 * The browser's part of connecting a bank: runs the connect machine and renders Link. It is above the pages,
 * so that a connection continues when the user opens another page.
 */
export function ConnectProvider({ scriptUrl, children }: ConnectProviderProps) {
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const [decision, decide] = useState<ConnectProblem | null>(null);
  // Effects run long after the render that started them, and need the current page.
  const page = useRef({ scriptUrl, pathname, navigate, decide });
  useEffect(() => {
    page.current = { scriptUrl, pathname, navigate, decide };
  });

  const [store] = useState(() => createConnectStore(() => page.current));
  const state = useConnectState(store);
  useFocusReturn(state);
  useEffect(() => () => store.send({ type: "leave" }), [store]);

  // Loaded in advance, because the toast that reports a lost network cannot be loaded without one.
  useEffect(
    () =>
      whenIdle(() => {
        prepareToasts();
        prepareFlow();
      }),
    [],
  );

  const value = useMemo(() => {
    const prepare = () => {
      // Only loads in advance: a failure is reported when the user presses the button.
      loadLinkScript(scriptUrl).catch(() => {});
      prepareToasts();
      prepareFlow();
      for (const load of [loadRoomDialog, loadDecisionDialog]) load().catch(() => {});
    };
    return { store, prepare };
  }, [store, scriptUrl]);

  const { run, step } = state;
  const link = "link" in step ? step.link : null;
  const LinkSession = store.flow()?.LinkSession;
  const decideNothing = useCallback(() => decide(null), []);
  const decideByToast = useCallback(() => {
    if (!decision) return;
    decide(null);
    const { accounts = [], message, ...rest } = decision;
    const problem = { ...rest, message: `${message} ${accounts.join(", ")}` };
    store.flow()?.performEffect({ do: "showProblem", problem }, store.send, page.current);
  }, [store, decision]);
  const chooseNone = useCallback(() => store.send({ type: "choseNone", run }), [store, run]);
  return (
    <ConnectContext.Provider value={value}>
      {children}
      {step.name === "idle" && !decision ? null : <span hidden data-unfinished />}
      {step.name === "choosing" ? (
        <Suspense>
          <RoomDialog
            choice={step.choice}
            onChoose={(accountIds) => store.send({ type: "chose", run, accountIds })}
            onCancel={chooseNone}
            onFail={chooseNone}
          />
        </Suspense>
      ) : null}
      {decision ? (
        <Suspense>
          <DecisionDialog
            problem={decision}
            onChoose={(event) => {
              decide(null);
              store.send(event);
            }}
            onClose={decideNothing}
            onFail={decideByToast}
          />
        </Suspense>
      ) : null}
      {link && LinkSession ? (
        <LinkSession key={run} run={run} link={link} send={store.send} />
      ) : null}
    </ConnectContext.Provider>
  );
}
