import {
  type ActionFunctionArgs,
  type LoaderFunctionArgs,
  type MetaFunction,
  redirect,
} from "@remix-run/node";
import { Link, useActionData, useLoaderData, useSearchParams } from "@remix-run/react";
import { logInForm } from "../../server/contracts/session.ts";
import { About } from "../auth/about.tsx";
import { AuthPage } from "../auth/auth-page.tsx";
import { Field } from "../auth/field.tsx";
import { nextPath } from "../auth/next-path.ts";
import { words as authWords } from "../auth/page-words.ts";
import { PasskeyLogIn } from "../auth/passkey-log-in.tsx";
import { PasswordField } from "../auth/password-field.tsx";
import { signedUp } from "../auth/signed-up.ts";
import { submitAuthForm } from "../auth/submit-auth-form.ts";
import { words as passkeyWords } from "../auth/words.ts";
import { pageTitle } from "../page-title.ts";
import { words as accountWords } from "../settings/account-words.ts";

export { clientAction } from "../send-form.ts";

export const meta: MetaFunction = () => pageTitle(authWords.logIn.title);

export async function loader({ request, context }: LoaderFunctionArgs) {
  if (context.viewer) throw redirect(nextPath(request.url));
  return { signedUpEmail: await signedUp.read(request, context) };
}

export function action({ request, context }: ActionFunctionArgs) {
  return submitAuthForm(request, logInForm, context.auth.logIn, async (_form, headers, result) => {
    headers.append("Set-Cookie", await signedUp.write(context, null));
    const { search } = new URL(request.url);
    const next = result.secondStep ? `/login/second-step${search}` : nextPath(request.url);
    return redirect(next, { headers });
  });
}

export default function LogIn() {
  const { signedUpEmail } = useLoaderData<typeof loader>();
  const result = useActionData<typeof action>();
  const [search] = useSearchParams();
  const words = authWords.logIn;
  const { deletedTitle: title, deletedLead: lead } = accountWords;
  // Does not reveal which of the two is wrong, so that nobody can find out who has an account.
  const blamedBy = result?.message ? "form-message" : undefined;
  return (
    <AuthPage
      about={<About />}
      words={
        signedUpEmail
          ? { ...words, lead: authWords.signedUp }
          : search.has("reset")
            ? { ...words, lead: authWords.reset }
            : search.has("deleted")
              ? { ...words, title, lead }
              : words
      }
      otherPath="/signup"
      result={result}
      beside={<PasskeyLogIn label={passkeyWords.passkey} />}
    >
      <Field
        name="email"
        type="email"
        label={authWords.email}
        autoComplete="username"
        defaultValue={result?.values.email ?? signedUpEmail ?? undefined}
        error={result?.fields.email}
      />
      <PasswordField
        autoComplete="current-password"
        data-first={signedUpEmail ? true : undefined}
        error={result?.fields.password}
        blamedBy={blamedBy}
      />
      <Link
        to="/forgot-password"
        className="-my-2 justify-self-start rounded-sm py-2 text-sm text-link"
      >
        {authWords.forgot}
      </Link>
    </AuthPage>
  );
}
