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
import type { FormResult } from "../api-keys/form-result.ts";
import { KeyRow } from "../api-keys/key-row.tsx";
import { MakeKeyDialog } from "../api-keys/make-key-dialog.tsx";
import { words } from "../api-keys/words.ts";
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
    if (!input.success) {
      const fields = {
        ...toFieldErrors(input.error),
        ...(form.get("password") === "" && { password: proofWords.proofEmpty }),
      };
      return data<FormResult>({ message: null, fields }, { status: 400 });
    }
    const problem = await proveByForm(form, context);
    if (problem) {
      const { password, status } = problem;
      return data<FormResult>({ message: null, fields: { password } }, { status });
    }
    const { key } = await context.caller.apiKeys.create(input.data);
    return data<FormResult>({ key }, { headers: { "cache-control": "no-store" } });
  } catch (error) {
    const missing = proofProblem(error);
    if (missing) {
      const { password, status } = missing;
      return data<FormResult>({ message: null, fields: { password } }, { status });
    }
    const reason = reasonOf(error);
    if (reason === null) throw error;
    const { status, message } = reasons[reason];
    return data<FormResult>({ message, fields: {} }, { status });
  }
}

/** Said in the dialog that the form is in. */
export function clientAction(args: ClientActionFunctionArgs) {
  return sendForm(args, (): FormResult => ({ message: text.problem.network, fields: {} }));
}

export default function ApiKeys() {
  const { apiKeys, proof } = useLoaderData<typeof loader>();
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
      {making ? <MakeKeyDialog proof={proof} onClose={() => setMaking(false)} /> : null}
    </div>
  );
}

export function ErrorBoundary() {
  return <RouteError />;
}
