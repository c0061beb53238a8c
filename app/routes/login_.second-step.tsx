import {
  type ActionFunctionArgs,
  type LoaderFunctionArgs,
  type MetaFunction,
  redirect,
} from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { useRef } from "react";
import { secondStepForm } from "../../server/contracts/session.ts";
import { AuthPage } from "../auth/auth-page.tsx";
import { Field } from "../auth/field.tsx";
import { nextPath } from "../auth/next-path.ts";
import { PasskeyLogIn } from "../auth/passkey-log-in.tsx";
import { submitAuthForm } from "../auth/submit-auth-form.ts";
import { words } from "../auth/words.ts";
import { pageTitle } from "../page-title.ts";

export { clientAction } from "../send-form.ts";

export const meta: MetaFunction = () => pageTitle(words.secondStep.title);

export async function loader({ request, context }: LoaderFunctionArgs) {
  if (context.viewer) throw redirect(nextPath(request.url));
  const methods = await context.auth.findPendingLogIn();
  if (!methods) throw redirect(`/login${new URL(request.url).search}`);
  return methods;
}

export function action({ request, context }: ActionFunctionArgs) {
  const attempt = ({ code, trustDevice }: { code: string; trustDevice?: string | undefined }) =>
    context.auth.secondStep({ code, trustDevice: trustDevice === "on" });
  return submitAuthForm(request, secondStepForm, attempt, async (_form, headers) =>
    redirect(nextPath(request.url), { headers }),
  );
}

/** The second step of a log-in: an app's code, a backup code, or a passkey. */
export default function SecondStep() {
  const { totp, passkey } = useLoaderData<typeof loader>();
  const result = useActionData<typeof action>();
  const trust = useRef<HTMLInputElement>(null);
  const { lead, ...page } = words.secondStep;
  return (
    <AuthPage
      words={{ ...page, lead: totp ? lead.totp : lead.passkey }}
      otherPath="/login"
      result={result}
      beside={
        passkey ? (
          <PasskeyLogIn
            label={words.passkey}
            secondStep={{ isTrusted: () => trust.current?.checked ?? false }}
          />
        ) : null
      }
    >
      <Field
        name="code"
        label={totp ? words.code : words.backupCode}
        {...(totp && { hint: words.codeHint })}
        autoComplete="one-time-code"
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        maxLength={64}
        data-first
        error={result?.fields.code}
        blamedBy={result?.message ? "form-message" : undefined}
      />
      <label className="flex hit-area cursor-pointer items-center gap-3 text-sm">
        <input
          ref={trust}
          type="checkbox"
          name="trustDevice"
          className="size-4 shrink-0 accent-accent"
        />
        {words.trust}
      </label>
    </AuthPage>
  );
}
