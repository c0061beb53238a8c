import { useLocation, useNavigate } from "@remix-run/react";
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { PlaidLinkOnEvent, PlaidLinkOnExit, PlaidLinkOnSuccess } from "react-plaid-link";
import type { LinkMetadata } from "../../server/contracts/connect.ts";
import type { ReasonDetails } from "../../server/contracts/errors.ts";
import {
  hideToast,
  type Problem,
  prepareToasts,
  showProblem,
  showSuccess,
} from "../components/toasts.tsx";
import {
  busySeconds,
  duplicateDetails,
  type Failure,
  limitDetails,
  toFailure,
} from "../failure.ts";
import { text } from "../text.ts";
import { trpc } from "../trpc.ts";
import { announceAccounts } from "./account-news.ts";
import {
  ConnectContext,
  connectButtonId,
  createConnectStore,
  useConnectState,
} from "./connect-context.ts";
import { LinkSession } from "./link-session.tsx";
import { loadLinkScript } from "./load-link-script.ts";
import { toLinkEvent, toLinkMetadata } from "./to-link-metadata.ts";
import { whenIdle } from "./when-idle.ts";

/** How long a new card stays marked, in milliseconds: as long as the ring takes to fade, and a bit. */
const arrivalTime = 8_000;

/** The events worth a line in the log: what Link opened, chose, ended and failed with. */
const recordedEvents = new Set(["OPEN", "SELECT_INSTITUTION", "HANDOFF", "ERROR", "EXIT"]);

/** All toasts of the flow take this place: the newest says where things stand. */
const toastPlace = "connect";

interface ConnectProviderProps {
  scriptUrl: string;
  children: ReactNode;
}

interface OpenLink {
  token: string;
  /** The Item that Link updates; null when it makes a new one. */
  itemId: string | null;
  receivedRedirectUri: string | undefined;
}

/** How often a busy server is asked again before the person is, and how long that may take at most. */
const busyRetries = 2;
const busyWait = 10_000;

/**
 * The browser half of the flow: link_token -> Link -> public_token -> connectAccount -> the page
 * shows the accounts. Holds it above the pages, so that it goes on whichever of them is open.
 */
export function ConnectProvider({ scriptUrl, children }: ConnectProviderProps) {
  const [store] = useState(createConnectStore);
  const { step, arrival } = useConnectState(store);
  const [openLink, setOpenLink] = useState<OpenLink | null>(null);
  const navigate = useNavigate();
  const { pathname } = useLocation();

  // Whether a connection is under way, known at once: two presses can come before a render.
  const underway = useRef(false);
  // Link and the toasts keep their callbacks; these see the newest of what they need through here.
  const itemId = openLink?.itemId ?? null;
  const latest = useRef({ pathname, navigate, itemId });
  useEffect(() => {
    latest.current = { pathname, navigate, itemId };
  });

  const finish = useCallback(() => {
    underway.current = false;
    setOpenLink(null);
    store.change({ step: { name: "idle" } });
  }, [store]);

  const showFailure = useCallback(
    (
      failure: Failure,
      title: string,
      again: { label: string; run: () => void } | null,
      wordsOfLimit = limitWords,
    ) => {
      const { navigate, pathname } = latest.current;
      const limit = limitDetails(failure);
      const full = limit !== null && limit.used >= limit.limit;
      // The page did not know that the plan is full, or it would not have come here.
      if (limit) announceAccounts(null);
      const logIn = {
        label: text.problem.logIn,
        run: () => navigate(`/login?next=${encodeURIComponent(pathname)}`),
      };
      const next = failure.reason === "unauthenticated" ? logIn : again;
      showProblem(toastPlace, {
        ...(limit ? wordsOfLimit(limit) : { title, message: failure.message }),
        requestId: failure.requestId,
        actions: [
          ...(full || !next ? [] : [next]),
          ...(limit ? [{ label: text.plan.see, run: () => navigate("/settings/plan") }] : []),
        ],
      });
    },
    [],
  );

  const open = useCallback(
    (itemId: string | null) => {
      if (underway.current) return;
      underway.current = true;
      hideToast(toastPlace);
      store.change({ step: { name: "opening" } });
      const again = { label: text.problem.tryAgain, run: () => open(itemId) };
      Promise.all([
        trpc.plaid.createLinkToken.mutate(itemId === null ? {} : { itemId }),
        loadLinkScript(scriptUrl).catch((cause: unknown) => {
          throw new LinkScriptError({ cause });
        }),
      ]).then(
        ([{ linkToken }]) => {
          setOpenLink({ token: linkToken, itemId, receivedRedirectUri: undefined });
          store.change({ step: { name: "linking" } });
        },
        (error: unknown) => {
          finish();
          if (error instanceof LinkScriptError) {
            const { link: title, linkScript: message } = text.problem;
            showProblem(toastPlace, { title, message, actions: [again] });
          } else {
            const failure = toFailure(error);
            showFailure(failure, text.problem.link, failure.retryable ? again : null);
          }
        },
      );
    },
    [store, finish, scriptUrl, showFailure],
  );
  const start = useCallback(() => open(null), [open]);
  const reconnect = useCallback((itemId: string) => open(itemId), [open]);

  const connect = useCallback(
    async (publicToken: string, metadata: LinkMetadata, connectAnyway = false) => {
      underway.current = true;
      hideToast(toastPlace);
      const bank = metadata.institution?.name ?? null;
      const accountCount = metadata.accounts?.length || 1;
      const connecting = { name: "connecting", bank, accountCount } as const;
      store.change({ step: { ...connecting, busy: false } });
      try {
        const { outcome, item, accounts } = await whileBusy(
          () => trpc.connectAccount.mutate({ publicToken, metadata, connectAnyway }),
          () => store.change({ step: { ...connecting, busy: true } }),
        );
        const { navigate, pathname } = latest.current;
        const { name } = item.institution;
        store.change({ arrival: { itemId: item.id, bank: name, accountCount: accounts.length } });
        const say =
          outcome === "connected" ? text.connect.connected : text.connect.alreadyConnected;
        showSuccess(toastPlace, say(name, accounts.length));
        announceAccounts(null);
        // Back must not lead to the return from a bank that is over.
        if (pathname !== "/dashboard")
          navigate("/dashboard", { replace: pathname === "/connect/oauth" });
      } catch (error) {
        const failure = toFailure(error);
        // The same public_token: it is the idempotency key of this connection.
        const again = (anyway: boolean) => () => {
          if (!underway.current) void connect(publicToken, metadata, anyway);
        };
        const duplicate = duplicateDetails(failure);
        if (duplicate) {
          showDuplicate(
            duplicate,
            () => reconnect(duplicate.itemId),
            duplicate.mayConnectAnyway ? again(true) : null,
          );
          return;
        }
        const unclear = failure.reason === "network" || failure.reason === "outcome_pending";
        showFailure(
          failure.reason === "network"
            ? { ...failure, message: text.problem.networkAfterBank }
            : failure,
          unclear ? text.problem.connectUnclear : text.problem.connect,
          failure.retryable
            ? { label: text.problem.tryAgain, run: again(connectAnyway) }
            : { label: text.problem.connectAgain, run: start },
        );
      } finally {
        finish();
      }
    },
    [store, finish, showFailure, start, reconnect],
  );

  const finishUpdate = useCallback(
    async (itemId: string, linkSessionId: string | null, bank: string) => {
      underway.current = true;
      store.change({ step: { name: "reconnecting", itemId } });
      try {
        const { item, accounts, added } = await trpc.plaid.finishUpdateMode.mutate({
          itemId,
          linkSessionId,
        });
        const { navigate, pathname } = latest.current;
        const { name } = item.institution;
        store.change({ arrival: { itemId, bank: name, accountCount: accounts.length } });
        showSuccess(
          toastPlace,
          added > 0 ? text.connect.added(name, added) : text.connect.reconnected(name),
        );
        announceAccounts(null);
        if (pathname !== "/dashboard")
          navigate("/dashboard", { replace: pathname === "/connect/oauth" });
      } catch (error) {
        const failure = toFailure(error);
        showFailure(
          failure,
          failure.reason === "network" ? text.problem.connectUnclear : text.problem.reconnect,
          failure.retryable
            ? {
                label: text.problem.tryAgain,
                run: () => {
                  if (!underway.current) void finishUpdate(itemId, linkSessionId, bank);
                },
              }
            : {
                label: limitDetails(failure) ? text.connect.choose : text.connect.reconnect,
                run: () => reconnect(itemId),
              },
          // All but the new accounts is done by then.
          ({ plan, limit, wanted }) => ({
            title: text.connect.reconnected(bank),
            message: text.plan.noneAdded(plan, limit, wanted),
          }),
        );
      } finally {
        finish();
      }
    },
    [store, finish, showFailure, reconnect],
  );

  const onSuccess = useCallback<PlaidLinkOnSuccess>(
    (publicToken, metadata) => {
      const updated = latest.current.itemId;
      if (updated !== null) {
        // Update mode: the Item stays, and its public_token is of no use.
        setOpenLink(null);
        const bank = metadata.institution?.name ?? text.activity.aBank;
        void finishUpdate(updated, metadata.link_session_id ?? null, bank);
        return;
      }
      if (publicToken) {
        void connect(publicToken, toLinkMetadata(metadata));
        return;
      }
      finish();
      showProblem(toastPlace, {
        title: text.problem.linkClosed,
        message: text.problem.noToken,
        actions: [{ label: text.problem.connectAgain, run: start }],
      });
    },
    [connect, finishUpdate, finish, start],
  );

  const onExit = useCallback<PlaidLinkOnExit>(
    (error) => {
      const { itemId } = latest.current;
      finish();
      // A person who closes Link wants to hear nothing (E2).
      if (!error) return;
      const made = itemId === null;
      showProblem(toastPlace, {
        title: made ? text.problem.linkClosed : text.problem.reconnect,
        message: error.display_message || (made ? text.problem.linkExit : text.problem.updateExit),
        actions: [
          {
            label: made ? text.problem.connectAgain : text.connect.reconnect,
            run: () => open(itemId),
          },
        ],
      });
    },
    [finish, open],
  );

  const onEvent = useCallback<PlaidLinkOnEvent>((eventName, metadata) => {
    if (!recordedEvents.has(eventName)) return;
    // Analytics: a lost line must not disturb a person who is connecting a bank.
    trpc.plaid.recordLinkEvent.mutate(toLinkEvent(eventName, metadata)).catch(() => {});
  }, []);

  const resume = useCallback(
    (link: { linkToken: string; itemId: string | null }, receivedRedirectUri: string) => {
      if (underway.current) return;
      underway.current = true;
      hideToast(toastPlace);
      store.change({ step: { name: "opening" } });
      loadLinkScript(scriptUrl).then(
        () => {
          setOpenLink({ token: link.linkToken, itemId: link.itemId, receivedRedirectUri });
          store.change({ step: { name: "linking" } });
        },
        () => {
          finish();
          showProblem(toastPlace, {
            title: text.problem.link,
            message: text.problem.linkScript,
            actions: [
              { label: text.problem.tryAgain, run: () => resume(link, receivedRedirectUri) },
            ],
          });
        },
      );
    },
    [store, finish, scriptUrl],
  );

  const prepare = useCallback(() => {
    // Only fetched ahead: whoever presses the button hears of a failure then.
    loadLinkScript(scriptUrl).catch(() => {});
    prepareToasts();
  }, [scriptUrl]);

  // Nobody who logs in next may go on with it.
  useEffect(() => () => hideToast(toastPlace), []);

  // What says that the network is gone cannot be fetched then.
  useEffect(() => whenIdle(prepareToasts), []);

  useEffect(() => {
    if (!arrival) return;
    const timer = setTimeout(() => store.change({ arrival: null }), arrivalTime);
    return () => clearTimeout(timer);
  }, [store, arrival]);

  // Link has taken the focus, and the button it came from may be another by now. A new card takes it
  // for itself; else it goes back to the button, unless the person has gone on elsewhere.
  const before = useRef(step.name);
  useEffect(() => {
    const ended = before.current !== "idle" && step.name === "idle";
    before.current = step.name;
    if (!ended || arrival || document.activeElement !== document.body) return;
    document.getElementById(connectButtonId)?.focus({ preventScroll: true });
  }, [step, arrival]);

  const value = useMemo(
    () => ({ store, actions: { start, reconnect, resume, prepare } }),
    [store, start, reconnect, resume, prepare],
  );
  return (
    <ConnectContext.Provider value={value}>
      {children}
      {openLink ? (
        <LinkSession
          key={openLink.token}
          token={openLink.token}
          receivedRedirectUri={openLink.receivedRedirectUri}
          onSuccess={onSuccess}
          onExit={onExit}
          onEvent={onEvent}
        />
      ) : null}
    </ConnectContext.Provider>
  );
}

/** Calls again while the server is busy, and says so; in the end the failure is the caller's. */
async function whileBusy<T>(call: () => Promise<T>, sayBusy: () => void): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      const wait = (busySeconds(toFailure(error)) ?? Number.POSITIVE_INFINITY) * 1000;
      if (tries === busyRetries || wait > busyWait) throw error;
      sayBusy();
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/** Which accounts are there already, and the ways on: reconnect their bank, or connect anyway. */
function showDuplicate(
  { institutionName, accounts, mayConnectAnyway }: ReasonDetails["duplicate_accounts"],
  reconnect: () => void,
  connectAnyway: (() => void) | null,
): void {
  const names = accounts.map(({ name, mask }) => (mask ? `${name} ••${mask}` : name));
  showProblem(toastPlace, {
    title: text.problem.duplicate,
    message: text.problem.duplicateAccounts(institutionName, names, mayConnectAnyway),
    actions: [
      { label: text.problem.reconnectBank(institutionName), run: reconnect },
      ...(connectAnyway ? [{ label: text.problem.connectAnyway, run: connectAnyway }] : []),
    ],
  });
}

/** Link's script could not be had: the network, or something that blocks it. */
class LinkScriptError extends Error {
  constructor(options: ErrorOptions) {
    super("Link's script did not load", options);
  }
}

type LimitWords = Pick<Problem, "title" | "message">;

/** Why a new connection was not made. */
function limitWords({ plan, limit, used, wanted }: ReasonDetails["limit_reached"]): LimitWords {
  return used >= limit
    ? { title: text.problem.limit, message: text.plan.full(plan, limit, used) }
    : { title: text.problem.tooMany, message: text.plan.tooMany(plan, limit, used, wanted) };
}
