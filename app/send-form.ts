import type { ClientActionFunctionArgs, ShouldRevalidateFunctionArgs } from "@remix-run/react";
import { hideToast, reloadPage, showProblem } from "./components/toasts.tsx";
import { isNetworkFailure } from "./network-failure.ts";
import { text } from "./text.ts";

/**
 * Sends a page's form. Without a response the page keeps everything that was typed, and its action data is
 * what `noResponse` returns: as a `Response`, because Remix wraps `data()` of a client action twice.
 */
export async function sendForm(
  { serverAction }: ClientActionFunctionArgs,
  noResponse: () => unknown,
): Promise<unknown> {
  try {
    return await serverAction();
  } catch (error) {
    if (!isNetworkFailure(error)) throw error;
    return Response.json(noResponse(), { status: 503 });
  }
}

/** The newest submit event, because Remix does not give an action the form that it sends. */
let submitted: SubmitEvent | null = null;
if (typeof document !== "undefined") {
  document.addEventListener(
    "submit",
    (event) => {
      submitted = event;
    },
    { capture: true },
  );
}

/**
 * For forms in the page itself: shows a toast if there was no response. Its button sends the form again, as
 * the user has left it by then.
 */
export function clientAction(args: ClientActionFunctionArgs): Promise<unknown> {
  hideToast("form");
  const event = submitted;
  return sendForm(args, () => {
    const { form: title, formKept: message, tryAgain: label } = text.problem;
    const action = event ? { label, run: () => submitAgain(event) } : reloadPage;
    showProblem("form", { title, message, actions: [action] });
    return null;
  });
}

function submitAgain({ target, submitter }: SubmitEvent): void {
  (target as HTMLFormElement).requestSubmit(submitter?.isConnected ? submitter : null);
}

/**
 * Whether a route is loaded again: not after a form without a response, because that would fail as well and
 * replace the page. Remix does so by itself, but not after a fetcher's form: for those, the routes around the
 * form use this.
 */
export function shouldRevalidate({ actionStatus }: ShouldRevalidateFunctionArgs): boolean {
  return actionStatus !== 503;
}
