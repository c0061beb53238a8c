import {
  type ActionFunctionArgs,
  data,
  type LoaderFunctionArgs,
  type MetaFunction,
} from "@remix-run/node";
import { type ClientActionFunctionArgs, Link, useLoaderData } from "@remix-run/react";
import { Plus } from "lucide-react";
import { useState } from "react";
import { reasons } from "../../server/contracts/errors.ts";
import { createWebhookInput } from "../../server/contracts/webhook-endpoints.ts";
import { proofProblem, proveByForm } from "../auth/prove-by-form.ts";
import { requireViewer } from "../auth/require-viewer.ts";
import { toFieldErrors } from "../auth/to-field-errors.ts";
import { words as proofWords } from "../auth/words.ts";
import { Button } from "../components/button.tsx";
import { cardClass } from "../components/card.ts";
import { RouteError } from "../components/route-error.tsx";
import { pageTitle } from "../page-title.ts";
import { readForm } from "../read-form.ts";
import { reasonOf } from "../reason-of.ts";
import { sendForm } from "../send-form.ts";
import { text } from "../text.ts";
import { AddWebhookDialog } from "../webhooks/add-webhook-dialog.tsx";
import type { FormResult } from "../webhooks/form-result.ts";
import { WebhookRow } from "../webhooks/webhook-row.tsx";
import { words } from "../webhooks/words.ts";

export { shouldRevalidate } from "../send-form.ts";

export const meta: MetaFunction = () => pageTitle(words.title);

export async function loader({ request, context }: LoaderFunctionArgs) {
  requireViewer(request, context);
  const [{ webhooks }, proof] = await Promise.all([
    context.caller.webhooks.list(),
    context.sessions.proof(),
  ]);
  return { webhooks, proof };
}

export async function action({ request, context }: ActionFunctionArgs) {
  requireViewer(request, context);
  const form = await readForm(request);
  const id = String(form.get("id") ?? "");
  const unproved = ({ password, status }: { password: string; status: number }) =>
    data<FormResult>({ message: null, fields: { password } }, { status });
  try {
    if (form.get("intent") === "remove") {
      await context.caller.webhooks.delete({ id });
      return data<FormResult>({ done: true });
    }
    const isReplaced = form.get("intent") === "replace";
    const input = createWebhookInput.safeParse({
      url: form.get("url") ?? "",
      events: form.getAll("events"),
    });
    if (!isReplaced && !input.success) {
      const fields = {
        ...toFieldErrors(input.error),
        ...(form.get("password") === "" && { password: proofWords.proofEmpty }),
      };
      return data<FormResult>({ message: null, fields }, { status: 400 });
    }
    const problem = await proveByForm(form, context);
    if (problem) return unproved(problem);
    const { secret } = input.success
      ? await context.caller.webhooks.create(input.data)
      : await context.caller.webhooks.replaceSecret({ id });
    return data<FormResult>({ secret }, { headers: { "cache-control": "no-store" } });
  } catch (error) {
    const missing = proofProblem(error);
    if (missing) return unproved(missing);
    const reason = reasonOf(error);
    if (reason === null) throw error;
    const { status, message } = reasons[reason];
    const isUrl = reason === "webhook_url_refused";
    return data<FormResult>(
      { message: isUrl ? null : message, fields: isUrl ? { url: message } : {} },
      { status },
    );
  }
}

/** Said in the dialog that the form is in. */
export function clientAction(args: ClientActionFunctionArgs) {
  return sendForm(args, (): FormResult => ({ message: text.problem.network, fields: {} }));
}

export default function Webhooks() {
  const { webhooks, proof } = useLoaderData<typeof loader>();
  const [adding, setAdding] = useState(false);
  return (
    <div className="max-w-204">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-5">
        <div className="min-w-0 basis-80 grow">
          <h1 className="text-2xl font-semibold">{words.title}</h1>
          <p className="text-balance text-ink-soft">
            {words.lead}{" "}
            <Link to="/api/docs" className="rounded-sm whitespace-nowrap text-link">
              {words.docs}
            </Link>
          </p>
        </div>
        <Button
          icon={<Plus className="-ml-0.5 size-4" aria-hidden="true" />}
          onClick={() => setAdding(true)}
        >
          {words.add}
        </Button>
      </div>
      {webhooks.length === 0 ? (
        <div className="mt-6 rounded-xl border border-dashed border-line-strong px-6 py-12 text-center">
          <h2 className="font-semibold">{words.emptyTitle}</h2>
          <p className="mt-1 text-ink-soft">{words.empty}</p>
        </div>
      ) : (
        <ul className={`${cardClass} mt-6 divide-y divide-line`}>
          {webhooks.map((webhook) => (
            <WebhookRow key={webhook.id} webhook={webhook} proof={proof} />
          ))}
        </ul>
      )}
      {adding ? <AddWebhookDialog proof={proof} onClose={() => setAdding(false)} /> : null}
    </div>
  );
}

export function ErrorBoundary() {
  return <RouteError />;
}
