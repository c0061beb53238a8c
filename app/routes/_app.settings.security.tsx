import {
  type ActionFunctionArgs,
  data,
  type LoaderFunctionArgs,
  type MetaFunction,
} from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { useEffect, useRef } from "react";
import type { z } from "zod";
import { changePasswordForm } from "../../server/contracts/session.ts";
import type { PageSession } from "../../server/http/load-context.ts";
import { NewPasswordFields } from "../auth/new-password-fields.tsx";
import { words as authWords } from "../auth/page-words.ts";
import { PasswordField } from "../auth/password-field.tsx";
import { requireViewer } from "../auth/require-viewer.ts";
import { type FieldErrors, toFieldErrors } from "../auth/to-field-errors.ts";
import { Button } from "../components/button.tsx";
import { cardClass } from "../components/card.ts";
import { FormAlert } from "../components/form-alert.tsx";
import { LocalTime } from "../components/local-time.tsx";
import { RouteError } from "../components/route-error.tsx";
import { useFreshData } from "../connect/use-fresh-data.ts";
import { pageTitle } from "../page-title.ts";
import { readForm } from "../read-form.ts";
import { SecondStepLink } from "../second-step/second-step-link.tsx";
import { words } from "../settings/log-in-words.ts";
import { SecurityEvents } from "../settings/security-events.tsx";

export { clientAction } from "../send-form.ts";

export const meta: MetaFunction = () => pageTitle(words.title);

export async function loader({ request, context }: LoaderFunctionArgs) {
  requireViewer(request, context);
  const [sessions, events, { totp, passkey }] = await Promise.all([
    context.sessions.list(),
    context.sessions.events(),
    context.sessions.proof(),
  ]);
  const hasFactor = totp || passkey;
  return { sessions, events, hasFactor, dataVersion: context.dataVersion };
}

/** The errors of a form, or that it succeeded. */
interface Result {
  message: string | null;
  fields: FieldErrors;
  done: string | null;
}

/** The field of the password form for each error code of better-auth. */
const blamed: Record<string, keyof z.infer<typeof changePasswordForm>> = {
  INVALID_PASSWORD: "currentPassword",
  PASSWORD_COMPROMISED: "newPassword",
  PASSWORD_NAMES_US: "newPassword",
};

export async function action({ request, context }: ActionFunctionArgs) {
  requireViewer(request, context);
  const form = await readForm(request);
  const done = (message: string) => data<Result>({ message: null, fields: {}, done: message });
  if (form.get("intent") === "end") {
    await context.sessions.end(String(form.get("id") ?? ""));
    return done(words.ended);
  }
  if (form.get("intent") === "end-others") {
    await context.sessions.endOthers();
    return done(words.othersEnded);
  }
  const input = changePasswordForm.safeParse(Object.fromEntries(form));
  if (!input.success) {
    const fields = toFieldErrors(input.error);
    return data<Result>({ message: null, fields, done: null }, { status: 400 });
  }
  const { endOthers, revokeKeys, ...passwords } = input.data;
  const result = await context.auth.changePassword({
    ...passwords,
    endOthers: endOthers === "on",
    revokeKeys: revokeKeys === "on",
  });
  if (!result.ok) {
    const { message, status, code } = result;
    const field = blamed[code];
    const wrong = field ? { message: null, fields: { [field]: message } } : { message, fields: {} };
    return data<Result>({ ...wrong, done: null }, { status });
  }
  return done(words.passwordChanged);
}

export default function Security() {
  const { sessions, events, hasFactor, dataVersion } = useLoaderData<typeof loader>();
  const result = useActionData<typeof action>();
  const form = useRef<HTMLFormElement>(null);
  const navigation = useNavigation();
  // A second press would fail, because the password is already the new one; and another form would discard
  // the result of this one: the user would not see that the password was changed.
  const changing = navigation.formData?.has("newPassword") ?? false;
  useFreshData(dataVersion);

  useEffect(() => {
    // Clears the fields once the password is changed; other actions on this page keep them.
    if (result?.done === words.passwordChanged) form.current?.reset();
    form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [result]);

  const settled = navigation.state === "idle";
  useEffect(() => {
    // A session that was ended has disappeared with its button and the focus.
    if (settled && result?.done && document.activeElement === document.body) {
      document.getElementById("content")?.focus({ preventScroll: true });
    }
  }, [settled, result]);

  return (
    <>
      <h1 className="text-2xl font-semibold">{words.title}</h1>
      {/* In the place of the lead, which has two lines on a phone, so that nothing below moves. */}
      <div className="grid text-ink-soft *:col-start-1 *:row-start-1">
        <p className={result?.done ? "invisible" : undefined}>{words.lead}</p>
        <p role="status">{result?.done}</p>
      </div>
      <section aria-labelledby="sessions" className={`${cardClass} mt-6`}>
        <h2 id="sessions" className="px-4 pt-5 pb-2 font-semibold sm:px-6">
          {words.sessions}
        </h2>
        <ul className="divide-y divide-line">
          {sessions.map((session) => (
            <SessionRow key={session.id} session={session} wait={changing} />
          ))}
        </ul>
        {sessions.length > 1 ? (
          <Form
            method="post"
            className="border-t border-line px-4 py-4 sm:px-6"
            onSubmit={(event) => changing && event.preventDefault()}
          >
            <Button
              kind="secondary"
              type="submit"
              name="intent"
              value="end-others"
              aria-disabled={changing}
            >
              {words.endOthers}
            </Button>
          </Form>
        ) : null}
      </section>
      <section aria-labelledby="password" className={`${cardClass} mt-4 px-4 py-5 sm:px-6`}>
        <h2 id="password" className="font-semibold">
          {words.password}
        </h2>
        <Form
          ref={form}
          method="post"
          noValidate
          className="mt-4 grid max-w-96 gap-5"
          onSubmit={(event) => changing && event.preventDefault()}
        >
          {result?.message ? <FormAlert>{result.message}</FormAlert> : null}
          <PasswordField
            name="currentPassword"
            label={authWords.currentPassword}
            autoComplete="current-password"
            error={result?.fields.currentPassword}
          />
          <NewPasswordFields
            error={result?.fields.newPassword}
            revokesKeys
            revokeKeysHint={words.revokeKeysHint}
          >
            <label className="flex hit-area cursor-pointer items-center gap-3">
              <input
                type="checkbox"
                name="endOthers"
                defaultChecked
                className="size-4 shrink-0 accent-accent"
              />
              {words.endOthersToo}
            </label>
          </NewPasswordFields>
          <div>
            <Button type="submit" busy={changing}>
              {changing ? words.changing : words.change}
            </Button>
          </div>
        </Form>
      </section>
      <SecondStepLink isOn={hasFactor} />
      <SecurityEvents events={events} />
    </>
  );
}

function SessionRow({ session, wait }: { session: PageSession; wait: boolean }) {
  const { id, device, address, startedAt, current } = session;
  const name = device ?? words.unknownDevice;
  return (
    <li className="flex items-center gap-4 px-4 py-3 sm:px-6">
      <div className="min-w-0 flex-1">
        <p className="font-medium">
          {name}
          {current ? <span className="ml-2 text-sm text-accent">{words.current}</span> : null}
        </p>
        <p className="text-sm wrap-anywhere text-ink-soft">
          {address ? `${address} · ` : ""}
          {words.started} <LocalTime iso={startedAt} />
        </p>
      </div>
      {current ? null : (
        <Form method="post" onSubmit={(event) => wait && event.preventDefault()}>
          <input type="hidden" name="id" value={id} />
          <Button
            kind="secondary"
            type="submit"
            name="intent"
            value="end"
            aria-disabled={wait}
            aria-label={words.endLabel(name)}
          >
            {words.end}
          </Button>
        </Form>
      )}
    </li>
  );
}

export function ErrorBoundary() {
  return <RouteError />;
}
