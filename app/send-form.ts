import type { ClientActionFunctionArgs, ShouldRevalidateFunctionArgs } from "@remix-run/react";
import { hideToast, showProblem } from "./components/toasts.tsx";
import { isNoAnswer } from "./no-answer.ts";
import { text } from "./text.ts";

/**
 * Sends a page's form. Where no answer comes, the page stays as it is with all that was typed, and its
 * action data are what `unanswered` returns: as a `Response`, as Remix wraps `data()` of a client action
 * twice.
 */
export async function sendForm(
  { serverAction }: ClientActionFunctionArgs,
  unanswered: () => unknown,
): Promise<unknown> {
  try {
    return await serverAction();
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    return Response.json(unanswered(), { status: 503 });
  }
}

/** For forms in the page itself: a toast says that no answer came. */
export function clientAction(args: ClientActionFunctionArgs): Promise<unknown> {
  hideToast("form");
  return sendForm(args, () => {
    const { form: title, formKept: message } = text.problem;
    showProblem("form", { title, message });
    return null;
  });
}

/**
 * Whether a route is loaded again: not after a form that no answer came to, as that would fail as well and
 * take the page away. Remix does so by itself, but not after a fetcher's form: the routes around one say it.
 */
export function shouldRevalidate({ actionStatus }: ShouldRevalidateFunctionArgs): boolean {
  return actionStatus !== 503;
}
