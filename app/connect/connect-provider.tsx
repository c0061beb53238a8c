import { useLocation, useNavigate, useRevalidator } from "@remix-run/react";
import {
  lazy,
  type ReactNode,
  Suspense,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { PlaidLinkOnEvent, PlaidLinkOnExit, PlaidLinkOnSuccess } from "react-plaid-link";
import type { LinkMetadata } from "../../server/contracts/connect.ts";
import { hideToast, showProblem, showSuccess } from "../components/toasts.tsx";
import { type Failure, limitDetails, toFailure } from "../failure.ts";
import { text } from "../text.ts";
import { trpc } from "../trpc.ts";
import { announceAccounts } from "./account-news.ts";
import { type Arrival, type Connect, ConnectContext, type ConnectStep } from "./connect-context.ts";
import { loadLinkScript } from "./load-link-script.ts";
import { forgetLinkToken, readLinkToken, storeLinkToken } from "./stored-link-token.ts";
import { toLinkEvent, toLinkMetadata } from "./to-link-metadata.ts";

const loadLinkSession = () => import("./link-session.tsx");
const LinkSession = lazy(async () => ({ default: (await loadLinkSession()).LinkSession }));

/** How long a new card stays marked, in milliseconds: as long as the ring takes to fade, and a bit. */
const arrivalTime = 8_000;

/** The events worth a line in the log: what Link opened, chose, ended and failed with. */
const recordedEvents = new Set(["OPEN", "SELECT_INSTITUTION", "HANDOFF", "ERROR", "EXIT"]);

/** All toasts of the flow take this place: the newest says where things stand. */
const toastId = "connect";

interface ConnectProviderProps {
  userId: string;
  scriptUrl: string;
  children: ReactNode;
}

interface OpenLink {
  token: string;
  receivedRedirectUri: string | undefined;
}

/**
 * The browser half of the flow: link_token -> Link -> public_token -> connectAccount -> the page
 * shows the accounts. Holds it above the pages, so that it goes on whichever of them is open.
 */
export function ConnectProvider({ userId, scriptUrl, children }: ConnectProviderProps) {
  const [step, setStep] = useState<ConnectStep>({ name: "idle" });
  const [openLink, setOpenLink] = useState<OpenLink | null>(null);
  const [arrival, setArrival] = useState<Arrival | null>(null);
  const { revalidate } = useRevalidator();
  const navigate = useNavigate();
  const { pathname } = useLocation();

  // Whether a connection is under way, known at once: two presses can come before a render.
  const underway = useRef(false);
  // Link and the toasts keep their callbacks; these see the newest of what they need through here.
  const latest = useRef({ pathname, navigate, revalidate });
  useEffect(() => {
    latest.current = { pathname, navigate, revalidate };
  });

  const finish = useCallback(() => {
    underway.current = false;
    setOpenLink(null);
    setStep({ name: "idle" });
  }, []);

  const showFailure = useCallback(
    (failure: Failure, title: string, again: { label: string; run: () => void }) => {
      const { navigate, pathname, revalidate } = latest.current;
      const limit = limitDetails(failure);
      const full = limit !== null && limit.used >= limit.limit;
      // The page did not know that the plan is full, or it would not have come here.
      if (limit) revalidate();
      const logIn = {
        label: text.problem.logIn,
        run: () => navigate(`/login?next=${encodeURIComponent(pathname)}`),
      };
      showProblem(toastId, {
        title: limit ? (full ? text.problem.limit : text.problem.tooMany) : title,
        message: limit ? limitMessage(limit) : failure.message,
        requestId: failure.requestId,
        ...(full ? {} : { action: failure.reason === "unauthenticated" ? logIn : again }),
      });
    },
    [],
  );

  const start = useCallback(() => {
    if (underway.current) return;
    underway.current = true;
    hideToast(toastId);
    setStep({ name: "opening" });
    const open = async () => {
      try {
        const [{ linkToken, expiration }] = await Promise.all([
          trpc.plaid.createLinkToken.mutate({}),
          loadLinkScript(scriptUrl).catch((cause: unknown) => {
            throw new LinkScriptError({ cause });
          }),
          loadLinkSession(),
        ]);
        storeLinkToken({ userId, linkToken, expiration });
        setOpenLink({ token: linkToken, receivedRedirectUri: undefined });
        setStep({ name: "linking" });
      } catch (error) {
        finish();
        if (error instanceof LinkScriptError) {
          showProblem(toastId, {
            title: text.problem.link,
            message: text.problem.linkScript,
            action: { label: text.problem.tryAgain, run: start },
          });
        } else {
          showFailure(toFailure(error), text.problem.link, {
            label: text.problem.tryAgain,
            run: start,
          });
        }
      }
    };
    void open();
  }, [finish, scriptUrl, userId, showFailure]);

  const connect = useCallback(
    async (publicToken: string, metadata: LinkMetadata) => {
      underway.current = true;
      hideToast(toastId);
      const bank = metadata.institution?.name ?? null;
      setStep({ name: "connecting", bank, accountCount: metadata.accounts?.length || 1 });
      try {
        const { outcome, item, accounts } = await trpc.connectAccount.mutate({
          publicToken,
          metadata,
        });
        const { navigate, pathname, revalidate } = latest.current;
        const { name } = item.institution;
        setArrival({ itemId: item.id, bank: name, accountCount: accounts.length });
        const say =
          outcome === "connected" ? text.connect.connected : text.connect.alreadyConnected;
        showSuccess(toastId, say(name, accounts.length));
        announceAccounts(null);
        if (pathname === "/dashboard") revalidate();
        else navigate("/dashboard");
      } catch (error) {
        const failure = toFailure(error);
        const unclear = failure.reason === "network" || failure.reason === "outcome_pending";
        showFailure(
          failure.reason === "network"
            ? { ...failure, message: text.problem.networkAfterBank }
            : failure,
          unclear ? text.problem.connectUnclear : text.problem.connect,
          failure.retryable
            ? // The same public_token: it is the idempotency key of this connection.
              {
                label: text.problem.tryAgain,
                run: () => {
                  if (!underway.current) void connect(publicToken, metadata);
                },
              }
            : { label: text.problem.connectAgain, run: start },
        );
      } finally {
        finish();
      }
    },
    [finish, showFailure, start],
  );

  const onSuccess = useCallback<PlaidLinkOnSuccess>(
    (publicToken, metadata) => {
      forgetLinkToken();
      if (publicToken) {
        void connect(publicToken, toLinkMetadata(metadata));
        return;
      }
      finish();
      showProblem(toastId, {
        title: text.problem.linkClosed,
        message: text.problem.noToken,
        action: { label: text.problem.connectAgain, run: start },
      });
    },
    [connect, finish, start],
  );

  const onExit = useCallback<PlaidLinkOnExit>(
    (error) => {
      forgetLinkToken();
      finish();
      // A person who closes Link wants to hear nothing (E2).
      if (!error) return;
      showProblem(toastId, {
        title: text.problem.linkClosed,
        message: error.display_message || text.problem.linkExit,
        action: { label: text.problem.connectAgain, run: start },
      });
    },
    [finish, start],
  );

  const onEvent = useCallback<PlaidLinkOnEvent>((eventName, metadata) => {
    if (!recordedEvents.has(eventName)) return;
    // Analytics: a lost line must not disturb a person who is connecting a bank.
    trpc.plaid.recordLinkEvent.mutate(toLinkEvent(eventName, metadata)).catch(() => {});
  }, []);

  const resume = useCallback(
    (receivedRedirectUri: string) => {
      if (underway.current) return true;
      const token = readLinkToken(userId);
      if (!token) return false;
      underway.current = true;
      setStep({ name: "opening" });
      Promise.all([loadLinkScript(scriptUrl), loadLinkSession()]).then(
        () => {
          setOpenLink({ token, receivedRedirectUri });
          setStep({ name: "linking" });
        },
        () => {
          finish();
          showProblem(toastId, {
            title: text.problem.link,
            message: text.problem.linkScript,
            action: { label: text.problem.tryAgain, run: () => void resume(receivedRedirectUri) },
          });
        },
      );
      return true;
    },
    [finish, scriptUrl, userId],
  );

  const prepare = useCallback(() => {
    // Only fetched ahead: whoever presses the button hears of a failure then.
    loadLinkScript(scriptUrl).catch(() => {});
    loadLinkSession().catch(() => {});
  }, [scriptUrl]);

  useEffect(() => {
    if (!arrival) return;
    const timer = setTimeout(() => setArrival(null), arrivalTime);
    return () => clearTimeout(timer);
  }, [arrival]);

  const value = useMemo<Connect>(
    () => ({ step, arrival, start, resume, prepare }),
    [step, arrival, start, resume, prepare],
  );
  return (
    <ConnectContext.Provider value={value}>
      {children}
      {openLink ? (
        <Suspense>
          <LinkSession
            key={openLink.token}
            {...openLink}
            onSuccess={onSuccess}
            onExit={onExit}
            onEvent={onEvent}
          />
        </Suspense>
      ) : null}
    </ConnectContext.Provider>
  );
}

/** Link's script could not be had: the network, or something that blocks it. */
class LinkScriptError extends Error {
  constructor(options: ErrorOptions) {
    super("Link's script did not load", options);
  }
}

function limitMessage({ plan, limit, used, wanted }: NonNullable<ReturnType<typeof limitDetails>>) {
  return used >= limit
    ? text.plan.full(plan, limit, used)
    : text.plan.tooMany(plan, limit, used, wanted);
}
