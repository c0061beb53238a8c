import {
  type ActionFunctionArgs,
  data,
  type LoaderFunctionArgs,
  type MetaFunction,
  redirect,
} from "@remix-run/node";
import {
  Form,
  useActionData,
  useLoaderData,
  useLocation,
  useNavigation,
  useRevalidator,
} from "@remix-run/react";
import { Download } from "lucide-react";
import { useEffect, useRef } from "react";
import { reasons } from "../../server/contracts/errors.ts";
import { deletePhrase, isPhrase } from "../../server/contracts/phrases.ts";
import { Field } from "../auth/field.tsx";
import { ProofField, type ProofMethods } from "../auth/proof-field.tsx";
import { type ProofProblem, proofProblem, proveByForm } from "../auth/prove-by-form.ts";
import { requireViewer } from "../auth/require-viewer.ts";
import { Button, buttonClass } from "../components/button.tsx";
import { cardClass } from "../components/card.ts";
import { words as confirmWords } from "../components/confirm-words.ts";
import { Consequences } from "../components/consequences.tsx";
import { FormAlert } from "../components/form-alert.tsx";
import { RouteError } from "../components/route-error.tsx";
import { ChangeEmail } from "../mail/change-email.tsx";
import { Consents } from "../mail/consents.tsx";
import { submitChangeEmail } from "../mail/submit-change-email.ts";
import { pageTitle } from "../page-title.ts";
import { readForm } from "../read-form.ts";
import { reasonOf } from "../reason-of.ts";
import { words } from "../settings/account-words.ts";

export { clientAction } from "../send-form.ts";

export const meta: MetaFunction = () => pageTitle(words.title);

export async function loader({ request, context }: LoaderFunctionArgs) {
  const { name, email } = requireViewer(request, context);
  const [{ items }, proof] = await Promise.all([
    context.caller.accounts.list(),
    context.sessions.proof(),
  ]);
  const accounts = items.reduce((sum, item) => sum + item.accounts.length, 0);
  const consents = await context.consents();
  return { name, email, banks: items.length, accounts, consents, proof };
}

/** An error of the phrase, or of the whole form. */
interface Result {
  mismatch: boolean;
  message: string | null;
  password?: string;
}

export async function action({ request, context }: ActionFunctionArgs) {
  requireViewer(request, context);
  const form = await readForm(request);
  if (form.get("intent") === "change-email") return submitChangeEmail(context, form);
  const confirmation = String(form.get("confirmation") ?? "");
  // The phrase is checked before the password, because its error is more helpful.
  if (!isPhrase(confirmation, deletePhrase))
    return data<Result>({ mismatch: true, message: null }, { status: 400 });
  const unproved = (problem: ProofProblem) =>
    data<Result>({ mismatch: false, message: null, password: problem.password }, problem);
  const problem = await proveByForm(form, context);
  if (problem) return unproved(problem);
  try {
    await context.caller.account.delete({ confirmation });
  } catch (error) {
    const missing = proofProblem(error);
    if (missing) return unproved(missing);
    const reason = reasonOf(error);
    if (reason === null) throw error;
    const { status, message } = reasons[reason];
    return data<Result>({ mismatch: false, message }, { status });
  }
  const headers = new Headers();
  const result = await context.auth.leave();
  if (result.ok) for (const cookie of result.setCookie) headers.append("Set-Cookie", cookie);
  return redirect("/login?deleted", { headers });
}

export default function YourAccount() {
  const { name, email, banks, accounts, consents, proof } = useLoaderData<typeof loader>();
  return (
    <>
      <h1 className="text-2xl font-semibold">{words.title}</h1>
      <p className="wrap-anywhere text-ink-soft">
        {name}, {email}
      </p>
      <ChangeEmail email={email} />
      <section aria-labelledby="export" className={`${cardClass} mt-4 px-4 py-5 sm:px-6`}>
        <h2 id="export" className="font-semibold">
          {words.exportTitle}
        </h2>
        <p className="mt-1 text-ink-soft">{words.exportLead}</p>
        <ul className="mt-4 flex flex-wrap gap-2">
          {Object.entries(words.files).map(([file, label]) => (
            <li key={file}>
              {/* No `download` attribute: a response that is not a file is then shown as a page. */}
              <a href={`/settings/export/${file}`} className={buttonClass("secondary", "hit-area")}>
                <Download className="-ml-0.5 size-4" aria-hidden="true" />
                {label}
              </a>
            </li>
          ))}
        </ul>
      </section>
      <Consents consents={consents} />
      <DeleteAccount banks={banks} accounts={accounts} proof={proof} />
    </>
  );
}

function DeleteAccount({ banks, accounts, proof }: DeleteAccountProps) {
  const result = useActionData<Partial<Result>>();
  const { revalidate } = useRevalidator();
  const form = useRef<HTMLFormElement>(null);
  const { formMethod, state, location } = useNavigation();
  const { pathname } = useLocation();
  // False while the page is only reloaded after an error: otherwise what the user types then would be lost.
  const leaving = location !== undefined && location.pathname !== pathname;
  const busy = formMethod === "POST" && (state === "submitting" || leaving);

  useEffect(() => {
    if (result) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [result]);

  return (
    <section
      aria-labelledby="delete"
      className="mt-4 rounded-xl border border-danger/30 bg-surface px-4 py-5 shadow-card sm:px-6"
    >
      <h2 id="delete" className="font-semibold">
        {words.deleteTitle}
      </h2>
      <p className="mt-1 text-ink-soft">{words.deleteLead}</p>
      <Consequences
        className="mt-4"
        goes={[...(banks > 0 ? [words.banks(banks, accounts)] : []), words.user]}
        stays={[words.atBank]}
      />
      <Form
        ref={form}
        method="post"
        noValidate
        className="mt-5 grid max-w-96 gap-5"
        onSubmit={(event) => busy && event.preventDefault()}
      >
        {result?.message ? <FormAlert>{result.message}</FormAlert> : null}
        <Field
          name="confirmation"
          label={confirmWords.phrase(deletePhrase)}
          error={result?.mismatch ? confirmWords.mismatch : undefined}
          autoComplete="off"
          autoCapitalize="none"
          autoCorrect="off"
          spellCheck={false}
          maxLength={100}
          readOnly={busy}
        />
        {proof.proved ? null : (
          <ProofField methods={proof} error={result?.password} onProved={revalidate} />
        )}
        <div>
          <Button kind="danger" type="submit" busy={busy} className="max-sm:w-full">
            {busy ? words.busy : words.button}
          </Button>
        </div>
      </Form>
    </section>
  );
}

interface DeleteAccountProps {
  banks: number;
  accounts: number;
  proof: ProofMethods & { proved: boolean };
}

export function ErrorBoundary() {
  return <RouteError />;
}
