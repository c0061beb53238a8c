import {
  type ActionFunctionArgs,
  data,
  type LoaderFunctionArgs,
  type MetaFunction,
} from "@remix-run/node";
import { type ClientActionFunctionArgs, Link, useLoaderData } from "@remix-run/react";
import { z } from "zod";
import { reasons } from "../../server/contracts/errors.ts";
import type { WebhookDelivery } from "../../server/contracts/webhook-endpoints.ts";
import { requireViewer } from "../auth/require-viewer.ts";
import { cardClass } from "../components/card.ts";
import { RouteError } from "../components/route-error.tsx";
import { pageTitle } from "../page-title.ts";
import { readForm } from "../read-form.ts";
import { reasonOf } from "../reason-of.ts";
import { sendForm } from "../send-form.ts";
import type { FormResult } from "../settings/form-result.ts";
import { text } from "../text.ts";
import { DeliveryRow } from "../webhooks/delivery-row.tsx";
import { useSending } from "../webhooks/use-sending.ts";
import { WebhookActions } from "../webhooks/webhook-actions.tsx";
import { WebhookUrl } from "../webhooks/webhook-url.tsx";
import { words } from "../webhooks/words.ts";

export { shouldRevalidate } from "../send-form.ts";

export const meta: MetaFunction = () => pageTitle(words.deliveriesTitle);

export async function loader({ request, context, params }: LoaderFunctionArgs) {
  requireViewer(request, context);
  const { webhooks } = await context.caller.webhooks.list();
  const webhook = webhooks.find(({ id }) => id === params.id);
  if (!webhook) throw new Response(null, { status: 404 });
  const { deliveries } = await context.caller.webhooks.deliveries({ id: webhook.id });
  return { webhook, deliveries, expected: expectedOf(deliveries) };
}

/** Longer than an attempt may take until other processes may retry it, in milliseconds. */
const soon = 16_000;

/** A name for the first attempt whose result is expected soon, as it is due or running; null for none. */
function expectedOf(deliveries: WebhookDelivery[]): string | null {
  const latest = Date.now() + soon;
  const due = deliveries.find(
    ({ nextAttemptAt }) => nextAttemptAt !== null && Date.parse(nextAttemptAt) <= latest,
  );
  return due ? `${due.id} ${due.attempts}` : null;
}

/** The form's `intent` is "test" or "enable", or it has the `id` of a delivery to send again. */
export async function action({ request, context, params }: ActionFunctionArgs) {
  requireViewer(request, context);
  const form = await readForm(request);
  const { webhooks } = context.caller;
  const intent = form.get("intent");
  const id = z.uuid().safeParse(intent === null ? form.get("id") : params.id);
  try {
    if (!id.success) throw new Response(null, { status: 400 });
    if (intent === "test") await webhooks.sendTest({ id: id.data });
    else if (intent === "enable") await webhooks.enable({ id: id.data });
    else await webhooks.redeliver({ id: id.data });
    return data<FormResult>({});
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === null) throw error;
    const { status, message } = reasons[reason];
    return data<FormResult>({ message }, { status });
  }
}

/** Shown beside the button. */
export function clientAction(args: ClientActionFunctionArgs) {
  return sendForm(args, (): FormResult => ({ message: text.problem.network }));
}

export default function Deliveries() {
  const { webhook, deliveries, expected } = useLoaderData<typeof loader>();
  useSending(expected);
  return (
    <>
      <Link to="/settings/webhooks" className="rounded-sm text-sm text-link">
        {words.back}
      </Link>
      <h1 className="mt-2 text-2xl font-semibold">{words.deliveriesTitle}</h1>
      <p className="font-mono text-sm wrap-anywhere">
        <WebhookUrl url={webhook.url} />
      </p>
      <p className="mt-1 text-ink-soft">{words.deliveriesLead}</p>
      <WebhookActions webhook={webhook} />
      {deliveries.length === 0 ? (
        <p className="mt-6 rounded-xl border border-dashed border-line-strong px-6 py-12 text-center text-ink-soft">
          {words.deliveriesEmpty}
        </p>
      ) : (
        <ul className={`${cardClass} mt-6 divide-y divide-line`}>
          {deliveries.map((delivery) => (
            <DeliveryRow
              key={delivery.id}
              delivery={delivery}
              isDisabled={webhook.disabled !== null}
            />
          ))}
        </ul>
      )}
    </>
  );
}

export function ErrorBoundary() {
  return <RouteError />;
}
