import {
  type ActionFunctionArgs,
  type LoaderFunctionArgs,
  type MetaFunction,
  redirect,
} from "@remix-run/node";
import { useActionData } from "@remix-run/react";
import { signUpForm } from "../../server/contracts/session.ts";
import { About } from "../auth/about.tsx";
import { AuthPage } from "../auth/auth-page.tsx";
import { Field } from "../auth/field.tsx";
import { nextPath } from "../auth/next-path.ts";
import { words as authWords } from "../auth/page-words.ts";
import { PasswordField } from "../auth/password-field.tsx";
import { signedUp } from "../auth/signed-up.ts";
import { submitAuthForm } from "../auth/submit-auth-form.ts";
import { pageTitle } from "../page-title.ts";

export { clientAction } from "../send-form.ts";

export const meta: MetaFunction = () => pageTitle(authWords.signUp.title);

export function loader({ request, context }: LoaderFunctionArgs) {
  if (context.viewer) throw redirect(nextPath(request.url));
  return null;
}

export function action({ request, context }: ActionFunctionArgs) {
  return submitAuthForm(request, signUpForm, context.auth.signUp, async ({ email }, headers) => {
    // The same whether or not the email was free: nobody may find out who has an account.
    headers.append("Set-Cookie", await signedUp.write(context, email));
    return redirect(`/login${new URL(request.url).search}`, { headers });
  });
}

export default function SignUp() {
  const result = useActionData<typeof action>();
  return (
    <AuthPage words={authWords.signUp} otherPath="/login" result={result} about={<About />}>
      <Field
        name="name"
        label={authWords.name}
        autoComplete="name"
        defaultValue={result?.values.name}
        error={result?.fields.name}
      />
      <Field
        name="email"
        type="email"
        label={authWords.email}
        autoComplete="username"
        defaultValue={result?.values.email}
        error={result?.fields.email}
      />
      <PasswordField
        autoComplete="new-password"
        hint={authWords.passwordHint}
        error={result?.fields.password}
        // Errors of a sign-up with a valid form are about the password.
        blamedBy={result?.message ? "form-message" : undefined}
      />
    </AuthPage>
  );
}
