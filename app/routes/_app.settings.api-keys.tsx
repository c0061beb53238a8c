import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { type ClientActionFunctionArgs, useLoaderData } from "@remix-run/react";
import { createApiKeyInput } from "../../server/contracts/api-keys.ts";
import { KeyRow } from "../api-keys/key-row.tsx";
import { MakeKeyDialog } from "../api-keys/make-key-dialog.tsx";
import { words } from "../api-keys/words.ts";
import { requireViewer } from "../auth/require-viewer.ts";
import { RouteError } from "../components/route-error.tsx";
import { pageTitle } from "../page-title.ts";
import { readForm } from "../read-form.ts";
import { sendForm } from "../send-form.ts";
import type { FormResult } from "../settings/form-result.ts";
import { runForm } from "../settings/run-form.ts";
import { SecretsPage } from "../settings/secrets-page.tsx";
import { text } from "../text.ts";

export { shouldRevalidate } from "../send-form.ts";

export const meta: MetaFunction = () => pageTitle(words.title);

export async function loader({ request, context }: LoaderFunctionArgs) {
  requireViewer(request, context);
  const [{ apiKeys }, proof] = await Promise.all([
    context.caller.apiKeys.list(),
    context.sessions.proof(),
  ]);
  return { apiKeys, proof };
}

export async function action({ request, context }: ActionFunctionArgs) {
  requireViewer(request, context);
  const { apiKeys } = context.caller;
  return runForm(await readForm(request), context, {
    end: (id) => apiKeys.revoke({ id }),
    read: (form) =>
      createApiKeyInput.safeParse({
        name: form.get("name") ?? "",
        scopes: form.getAll("scopes"),
        expiresInDays: Number(form.get("expires")),
      }),
    make: async (input) => (await apiKeys.create(input)).key,
  });
}

/** Shown in the dialog that contains the form. */
export function clientAction(args: ClientActionFunctionArgs) {
  return sendForm(args, (): FormResult => ({ message: text.problem.network }));
}

export default function ApiKeys() {
  const { apiKeys, proof } = useLoaderData<typeof loader>();
  return (
    <SecretsPage
      words={words}
      dialog={(onClose) => <MakeKeyDialog proof={proof} onClose={onClose} />}
      rows={apiKeys.map((apiKey) => <KeyRow key={apiKey.id} apiKey={apiKey} />)}
    />
  );
}

export function ErrorBoundary() {
  return <RouteError />;
}
