import {
  type ActionFunctionArgs,
  data,
  type LoaderFunctionArgs,
  type MetaFunction,
} from "@remix-run/node";
import { Link, useActionData } from "@remix-run/react";
import { forgotPasswordForm } from "../../server/contracts/session.ts";
import { AuthPage } from "../auth/auth-page.tsx";
import { Field } from "../auth/field.tsx";
import { words as authWords } from "../auth/page-words.ts";
import type { AuthFormResult } from "../auth/submit-auth-form.ts";
import { toFieldErrors } from "../auth/to-field-errors.ts";
import { buttonClass } from "../components/button.tsx";
import { PlainPage } from "../mail/plain-page.tsx";
import { words } from "../mail/words.ts";
import { pageTitle } from "../page-title.ts";
import { readForm } from "../read-form.ts";

export { clientAction } from "../send-form.ts";

const { forgot, link } = words;

export const meta: MetaFunction = () => pageTitle(forgot.title);

export function loader({ context }: LoaderFunctionArgs) {
  return { email: context.viewer?.email ?? "" };
}

/** The error, or where the link is sent: the same whether or not an account has that email. */
type Result = AuthFormResult & { sentTo: string | null };

export async function action({ request, context }: ActionFunctionArgs) {
  const form = await readForm(request);
  const values = { name: "", email: String(form.get("email") ?? "") };
  const parsed = forgotPasswordForm.safeParse(Object.fromEntries(form));
  if (!parsed.success) {
    const fields = toFieldErrors(parsed.error);
    return data<Result>({ message: null, fields, values, sentTo: null }, { status: 400 });
  }
  const result = await context.email.requestReset(parsed.data.email);
  if (!result.ok) {
    const { message, status } = result;
    return data<Result>({ message, fields: {}, values, sentTo: null }, { status });
  }
  return data<Result>({ message: null, fields: {}, values, sentTo: parsed.data.email });
}

export default function ForgotPassword() {
  const result = useActionData<typeof action>();
  if (result?.sentTo) {
    return (
      <PlainPage title={forgot.sentTitle} lead={forgot.sent(result.sentTo)}>
        <Link to="/login" className={buttonClass("secondary", "h-11 w-full")}>
          {link.toLogIn}
        </Link>
      </PlainPage>
    );
  }
  return (
    <AuthPage words={forgot} otherPath="/login" result={result}>
      <Field
        name="email"
        type="email"
        label={authWords.email}
        autoComplete="username"
        defaultValue={result?.values.email}
        error={result?.fields.email}
      />
    </AuthPage>
  );
}
