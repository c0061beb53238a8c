import type { NavigateFunction } from "@remix-run/react";
import { privacyNoticeVersion } from "../../server/contracts/privacy-notice.ts";
import { hideToast, showProblem, showSuccess } from "../components/toasts.tsx";
import { plainFailure, toFailure } from "../failure.ts";
import { text } from "../text.ts";
import { loadTrpc } from "../trpc.ts";
import { announceAccounts } from "./account-news.ts";
import type {
  ConnectAction,
  ConnectEffect,
  ConnectEvent,
  ConnectProblem,
  OpenRequest,
  Task,
} from "./connect-types.ts";
import { LinkScriptError, loadLinkScript } from "./load-link-script.ts";
import { noteOwnLink } from "./own-link.ts";

/** All toasts of the flow share this place: the newest shows the current status. */
const toastPlace = "connect";

/** The page that the flow runs on, as it is now. */
export interface ConnectPage {
  scriptUrl: string;
  pathname: string;
  navigate: NavigateFunction;
  /** Shows what the user has to decide; null hides it. */
  decide: (problem: ConnectProblem | null) => void;
}

/** Runs an effect of the connect machine, and sends the resulting events. */
export function performEffect(
  effect: ConnectEffect,
  send: (event: ConnectEvent) => void,
  { scriptUrl, pathname, navigate, decide }: ConnectPage,
): void {
  switch (effect.do) {
    case "openLink": {
      const { run, request } = effect;
      prepareLink(request, scriptUrl).then(
        (linkToken) => send({ type: "opened", run, linkToken }),
        (error) => send({ type: "failed", run, failure: failureOf(error) }),
      );
      return;
    }
    case "callServer": {
      const { run, task } = effect;
      callServer(task).then(
        (result) => send({ type: "finished", run, result }),
        (error) => send({ type: "failed", run, failure: failureOf(error) }),
      );
      return;
    }
    case "sendLater":
      setTimeout(send, effect.milliseconds, effect.event);
      return;
    case "showSuccess":
      showSuccess(toastPlace, effect.message);
      return;
    case "showProblem": {
      if (effect.problem.accounts) {
        decide(effect.problem);
        return;
      }
      const { actions, ...problem } = effect.problem;
      const button = ({ label, event }: ConnectAction) => ({ label, run: () => send(event) });
      const [first, ...others] = actions;
      showProblem(toastPlace, { ...problem, actions: [button(first), ...others.map(button)] });
      return;
    }
    case "hideToast":
      hideToast(toastPlace);
      decide(null);
      return;
    case "announce":
      announceAccounts(null);
      return;
    case "showDashboard":
      // The back button must not lead to a return from a bank that is finished.
      if (pathname !== "/dashboard") {
        navigate("/dashboard", { replace: pathname === "/connect/oauth" });
      }
      return;
    case "visit":
      if (effect.page === "current") {
        location.reload();
        return;
      }
      navigate(
        {
          plans: "/settings/plan",
          secondFactor: "/settings/security/second-step",
          login: `/login?next=${encodeURIComponent(pathname)}`,
        }[effect.page],
      );
  }
}

/** Returns the link_token once Link's script is loaded too. */
async function prepareLink(request: OpenRequest, scriptUrl: string): Promise<string> {
  const [linkToken] = await Promise.all([
    request.returned?.linkToken ?? createLinkToken(request),
    loadLinkScript(scriptUrl),
  ]);
  return linkToken;
}

async function createLinkToken({ itemId, chooseAccounts, kind, connectAgain }: OpenRequest) {
  const trpc = await loadTrpc();
  const { linkToken, linkId } = await trpc.plaid.createLinkToken.mutate(
    // The page that opens Link shows the notice.
    itemId === null
      ? { kind, connectAgain, noticeVersion: privacyNoticeVersion }
      : { itemId, ...(chooseAccounts && { chooseAccounts }) },
  );
  noteOwnLink(linkId);
  return linkToken;
}

async function callServer(task: Task) {
  const trpc = await loadTrpc();
  if (task.kind === "connect") {
    const { publicToken, metadata, connectAnyway, accountIds, linkToken } = task;
    return trpc.connectAccount.mutate({
      ...{ publicToken, metadata, connectAnyway, linkToken },
      ...(accountIds && { accountIds }),
    });
  }
  const { itemId, linkSessionId, linkToken } = task;
  return trpc.plaid.finishUpdateMode.mutate({ itemId, linkSessionId, linkToken });
}

const failureOf = (error: unknown) =>
  error instanceof LinkScriptError
    ? plainFailure("network", text.problem.linkScript)
    : toFailure(error);
