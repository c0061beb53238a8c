import {
  type ActionFunctionArgs,
  type LoaderFunctionArgs,
  type MetaFunction,
  redirect,
} from "@remix-run/node";
import { useActionData, useSearchParams } from "@remix-run/react";
import { logInForm } from "../../server/contracts/session.ts";
import { AuthPage } from "../auth/auth-page.tsx";
import { Field } from "../auth/field.tsx";
import { answerAuthForm } from "../auth/form-answer.ts";
import { nextPath } from "../auth/next-path.ts";
import { PasswordField } from "../auth/password-field.tsx";
import { pageTitle } from "../page-title.ts";
import { text } from "../text.ts";

export const meta: MetaFunction = () => pageTitle(text.auth.logIn.title);

export function loader({ request, context }: LoaderFunctionArgs) {
  if (context.viewer) throw redirect(nextPath(request.url));
  return null;
}

export function action({ request, context }: ActionFunctionArgs) {
  return answerAuthForm(request, logInForm, (form) => context.auth.logIn(form));
}

export default function LogIn() {
  const answer = useActionData<typeof action>();
  const [search] = useSearchParams();
  const words = text.auth.logIn;
  const { deletedTitle: title, deletedLead: lead } = text.yourAccount;
  // Which of the two is wrong is not said, so that nobody can find out who has an account.
  const blamedBy = answer?.message ? "form-message" : undefined;
  return (
    <AuthPage
      words={search.has("deleted") ? { ...words, title, lead } : words}
      otherPath="/signup"
      answer={answer}
    >
      <Field
        name="email"
        type="email"
        label={text.auth.email}
        autoComplete="username"
        defaultValue={answer?.values.email}
        error={answer?.fields.email}
      />
      <PasswordField
        autoComplete="current-password"
        error={answer?.fields.password}
        blamedBy={blamedBy}
      />
    </AuthPage>
  );
}
