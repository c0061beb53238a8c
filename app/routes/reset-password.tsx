import {
  type ActionFunctionArgs,
  data,
  type LoaderFunctionArgs,
  type MetaFunction,
  redirect,
} from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { useEffect, useRef } from "react";
import type { LinkState } from "../../server/auth/mailed-links.ts";
import { resetPasswordForm } from "../../server/contracts/session.ts";
import { NewPasswordFields } from "../auth/new-password-fields.tsx";
import { type FieldErrors, toFieldErrors } from "../auth/to-field-errors.ts";
import { Button } from "../components/button.tsx";
import { DeadLink } from "../mail/dead-link.tsx";
import { PlainPage } from "../mail/plain-page.tsx";
import { words } from "../mail/words.ts";
import { pageTitle } from "../page-title.ts";
import { passwordProblem } from "../password-problem.ts";
import { readForm } from "../read-form.ts";

export { clientAction } from "../send-form.ts";

const { reset } = words;

export const meta: MetaFunction = () => pageTitle(reset.title);

export async function loader({ request, context }: LoaderFunctionArgs) {
  const token = new URL(request.url).searchParams.get("token") ?? "";
  const { state, email } = await context.email.readLink("reset_password", token);
  return data({ state, email, token }, { headers: { "cache-control": "no-store" } });
}

/** The errors of the password, or of the link. */
interface Result {
  fields: FieldErrors;
  dead: Exclude<LinkState, "good"> | null;
}

export async function action({ request, context }: ActionFunctionArgs) {
  const form = resetPasswordForm.safeParse(Object.fromEntries(await readForm(request)));
  if (!form.success) {
    const fields = toFieldErrors(form.error);
    return data<Result>({ fields, dead: null }, { status: 400 });
  }
  const { token, newPassword, revokeKeys } = form.data;
  const outcome = await context.email.resetPassword({
    token,
    newPassword,
    revokeKeys: revokeKeys === "on",
  });
  if (outcome === "done") return redirect("/login?reset");
  if (typeof outcome === "object") {
    const fields = { newPassword: passwordProblem(outcome.code) };
    return data<Result>({ fields, dead: null }, { status: 400 });
  }
  const dead = outcome === "taken" ? "unknown" : outcome;
  return data<Result>({ fields: {}, dead }, { status: 400 });
}

export default function ResetPassword() {
  const { state, email, token } = useLoaderData<typeof loader>();
  const result = useActionData<typeof action>();
  const form = useRef<HTMLFormElement>(null);
  const busy = useNavigation().formMethod === "POST";
  useEffect(() => {
    if (result) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [result]);
  const dead = result?.dead ?? (state === "good" ? null : state);
  if (dead) return <DeadLink state={dead} purpose="reset_password" />;
  return (
    <PlainPage title={reset.title} lead={reset.lead(email ?? "")}>
      <Form
        ref={form}
        method="post"
        noValidate
        className="grid gap-5"
        onSubmit={(event) => busy && event.preventDefault()}
      >
        <input type="hidden" name="token" value={token} />
        {/* Tells password managers whose password this is. */}
        <input type="hidden" name="username" autoComplete="username" value={email ?? ""} />
        <NewPasswordFields
          error={result?.fields.newPassword}
          revokesKeys={false}
          revokeKeysHint={reset.revokeKeysHint}
        />
        <Button type="submit" busy={busy} className="h-11 w-full">
          {busy ? reset.busy : reset.submit}
        </Button>
      </Form>
    </PlainPage>
  );
}
