import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { type ClientActionFunctionArgs, useLoaderData } from "@remix-run/react";
import type { z } from "zod";
import {
  type CreateWebhookInput,
  createWebhookInput,
  webhookInput,
} from "../../server/contracts/webhook-endpoints.ts";
import { requireViewer } from "../auth/require-viewer.ts";
import { RouteError } from "../components/route-error.tsx";
import { pageTitle } from "../page-title.ts";
import { readForm } from "../read-form.ts";
import { sendForm } from "../send-form.ts";
import type { FormResult } from "../settings/form-result.ts";
import { runForm } from "../settings/run-form.ts";
import { SecretsPage } from "../settings/secrets-page.tsx";
import { text } from "../text.ts";
import { AddWebhookDialog } from "../webhooks/add-webhook-dialog.tsx";
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

/**
 * A form with `intent` "replace" requests a new secret of a webhook; a form without requests a new webhook.
 */
export async function action({ request, context }: ActionFunctionArgs) {
  requireViewer(request, context);
  const { webhooks } = context.caller;
  return runForm(await readForm(request), context, {
    end: (id) => webhooks.delete({ id }),
    read: (form): z.ZodSafeParseResult<CreateWebhookInput | z.infer<typeof webhookInput>> =>
      form.get("intent") === "replace"
        ? webhookInput.safeParse({ id: form.get("id") })
        : createWebhookInput.safeParse({
            url: form.get("url") ?? "",
            events: form.getAll("events"),
          }),
    make: async (input) => {
      const { secret } =
        "id" in input ? await webhooks.replaceSecret(input) : await webhooks.create(input);
      return secret;
    },
    fieldOf: { webhook_url_refused: "url" },
  });
}

/** Shown in the dialog that contains the form. */
export function clientAction(args: ClientActionFunctionArgs) {
  return sendForm(args, (): FormResult => ({ message: text.problem.network }));
}

export default function Webhooks() {
  const { webhooks, proof } = useLoaderData<typeof loader>();
  return (
    <SecretsPage
      words={words}
      dialog={(onClose) => <AddWebhookDialog proof={proof} onClose={onClose} />}
      rows={webhooks.map((webhook) => (
        <WebhookRow key={webhook.id} webhook={webhook} proof={proof} />
      ))}
    />
  );
}

export function ErrorBoundary() {
  return <RouteError />;
}
