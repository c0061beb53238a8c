import {
  type ActionFunctionArgs,
  data,
  type LoaderFunctionArgs,
  type MetaFunction,
  redirect,
} from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigate, useNavigation } from "@remix-run/react";
import { nextPath } from "../auth/next-path.ts";
import { ProofField } from "../auth/proof-field.tsx";
import { proveByForm } from "../auth/prove-by-form.ts";
import { requireViewer } from "../auth/require-viewer.ts";
import { words } from "../auth/words.ts";
import { Button } from "../components/button.tsx";
import { RouteError } from "../components/route-error.tsx";
import { pageTitle } from "../page-title.ts";
import { readForm } from "../read-form.ts";

export { clientAction } from "../send-form.ts";

export const meta: MetaFunction = () => pageTitle(words.confirm.title);

export async function loader({ request, context }: LoaderFunctionArgs) {
  requireViewer(request, context);
  const { proved, totp, passkey } = await context.sessions.proof();
  const next = nextPath(request.url);
  if (proved) throw redirect(next);
  return { totp, passkey, next };
}

export async function action({ request, context }: ActionFunctionArgs) {
  requireViewer(request, context);
  const problem = await proveByForm(await readForm(request), context);
  if (problem) return data({ error: problem.password }, { status: problem.status });
  throw redirect(nextPath(request.url));
}

/**
 * Asks for a proof of who the user is, for actions without a form that could ask; then redirects to `next`.
 */
export default function Confirm() {
  const { totp, passkey, next } = useLoaderData<typeof loader>();
  const result = useActionData<typeof action>();
  const navigate = useNavigate();
  const busy = useNavigation().formMethod === "POST";
  return (
    <div className="max-w-96">
      <h1 className="text-2xl font-semibold">{words.confirm.title}</h1>
      <p className="mt-1 text-ink-soft">{words.confirm.lead}</p>
      <Form
        method="post"
        noValidate
        className="mt-6 grid gap-5"
        onSubmit={(event) => busy && event.preventDefault()}
      >
        <ProofField
          methods={{ totp, passkey }}
          error={result?.error}
          onProved={() => navigate(next, { replace: true })}
        />
        <div>
          <Button type="submit" busy={busy}>
            {busy ? words.confirm.busy : words.confirm.submit}
          </Button>
        </div>
      </Form>
    </div>
  );
}

export function ErrorBoundary() {
  return <RouteError />;
}
