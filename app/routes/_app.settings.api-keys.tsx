import {
  type ActionFunctionArgs,
  data,
  type LoaderFunctionArgs,
  type MetaFunction,
} from "@remix-run/node";
import { type ClientActionFunctionArgs, Link, useLoaderData } from "@remix-run/react";
import { Plus } from "lucide-react";
import { useState } from "react";
import { createApiKeyInput } from "../../server/contracts/api-keys.ts";
import { reasons } from "../../server/contracts/errors.ts";
import { stepUpInput } from "../../server/contracts/step-up.ts";
import type { FormResult } from "../api-keys/form-result.ts";
import { KeyRow } from "../api-keys/key-row.tsx";
import { MakeKeyDialog } from "../api-keys/make-key-dialog.tsx";
import { words } from "../api-keys/words.ts";
import { requireViewer } from "../auth/require-viewer.ts";
import { toFieldErrors } from "../auth/to-field-errors.ts";
import { Button } from "../components/button.tsx";
import { cardClass } from "../components/card.ts";
import { RouteError } from "../components/route-error.tsx";
import { pageTitle } from "../page-title.ts";
import { readForm } from "../read-form.ts";
import { reasonOf } from "../reason-of.ts";
import { sendForm } from "../send-form.ts";
import { text } from "../text.ts";

export { shouldRevalidate } from "../send-form.ts";

export const meta: MetaFunction = () => pageTitle(words.title);

export async function loader({ request, context }: LoaderFunctionArgs) {
  requireViewer(request, context);
  const [{ apiKeys }, proved] = await Promise.all([
    context.caller.apiKeys.list(),
    context.sessions.isProved(),
  ]);
  return { apiKeys, proved };
}

export async function action({ request, context }: ActionFunctionArgs) {
  requireViewer(request, context);
  const form = await readForm(request);
  try {
    if (form.get("intent") === "revoke") {
      await context.caller.apiKeys.revoke({ id: String(form.get("id") ?? "") });
      return data<FormResult>({ revoked: true });
    }
    const input = createApiKeyInput.safeParse({
      name: form.get("name") ?? "",
      scopes: form.getAll("scopes"),
      expiresInDays: Number(form.get("expires")),
    });
    // Only where the page asked for it.
    const proof = form.has("password")
      ? stepUpInput.safeParse({ password: form.get("password") })
      : null;
    if (!input.success || proof?.success === false) {
      const fields = {
        ...(input.error && toFieldErrors(input.error)),
        ...(proof?.error && toFieldErrors(proof.error)),
      };
      return data<FormResult>({ message: null, fields }, { status: 400 });
    }
    if (proof) await context.caller.session.stepUp(proof.data);
    const { key } = await context.caller.apiKeys.create(input.data);
    return data<FormResult>({ key }, { headers: { "cache-control": "no-store" } });
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === null) throw error;
    const { status, message } = reasons[reason];
    const password =
      reason === "step_up_required"
        ? words.passwordNeeded
        : reason === "password_incorrect"
          ? message
          : null;
    if (password !== null) {
      return data<FormResult>({ message: null, fields: { password } }, { status });
    }
    return data<FormResult>({ message, fields: {} }, { status });
  }
}

/** Said in the dialog that the form is in. */
export function clientAction(args: ClientActionFunctionArgs) {
  return sendForm(args, (): FormResult => ({ message: text.problem.network, fields: {} }));
}

export default function ApiKeys() {
  const { apiKeys, proved } = useLoaderData<typeof loader>();
  const [making, setMaking] = useState(false);
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
          onClick={() => setMaking(true)}
        >
          {words.make}
        </Button>
      </div>
      {apiKeys.length === 0 ? (
        <div className="mt-6 rounded-xl border border-dashed border-line-strong px-6 py-12 text-center">
          <h2 className="font-semibold">{words.emptyTitle}</h2>
          <p className="mt-1 text-ink-soft">{words.empty}</p>
        </div>
      ) : (
        <ul className={`${cardClass} mt-6 divide-y divide-line`}>
          {apiKeys.map((apiKey) => (
            <KeyRow key={apiKey.id} apiKey={apiKey} />
          ))}
        </ul>
      )}
      {making ? <MakeKeyDialog proved={proved} onClose={() => setMaking(false)} /> : null}
    </div>
  );
}

export function ErrorBoundary() {
  return <RouteError />;
}
