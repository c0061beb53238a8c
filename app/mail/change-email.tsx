import { useActionData, useFetcher } from "@remix-run/react";
import { useEffect, useRef } from "react";
import { Field } from "../auth/field.tsx";
import { words as authWords } from "../auth/page-words.ts";
import { PasswordField } from "../auth/password-field.tsx";
import type { FieldErrors } from "../auth/to-field-errors.ts";
import { Button } from "../components/button.tsx";
import { cardClass } from "../components/card.ts";
import { FormAlert } from "../components/form-alert.tsx";
import { words } from "./words.ts";

/** The errors of the form, or the address that the link was sent to. */
export interface ChangeEmailResult {
  message: string | null;
  fields: FieldErrors;
  sentTo: string | null;
}

const { email: say } = words;

/** Asks for a new email and the password; the change takes effect when the emailed link is opened. */
export function ChangeEmail({ email }: { email: string }) {
  const fetcher = useFetcher<{ email?: ChangeEmailResult }>();
  // Without JavaScript, the response is the whole page.
  const withPage = useActionData<{ email?: ChangeEmailResult }>();
  const form = useRef<HTMLFormElement>(null);
  const result = (fetcher.data ?? withPage)?.email;
  const busy = fetcher.state === "submitting";
  useEffect(() => {
    if (result?.sentTo) form.current?.reset();
    else form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [result]);
  return (
    <section aria-labelledby="change-email" className={`${cardClass} mt-6 px-4 py-5 sm:px-6`}>
      <h2 id="change-email" className="font-semibold">
        {say.title}
      </h2>
      <p role="status" className="mt-1 wrap-anywhere text-ink-soft">
        {result?.sentTo ? say.sent(result.sentTo) : say.lead(email)}
      </p>
      <fetcher.Form
        ref={form}
        method="post"
        noValidate
        className="mt-4 grid max-w-96 gap-5"
        onSubmit={(event) => busy && event.preventDefault()}
      >
        <input type="hidden" name="intent" value="change-email" />
        {result?.message ? <FormAlert>{result.message}</FormAlert> : null}
        <Field
          name="newEmail"
          type="email"
          label={say.newEmail}
          autoComplete="off"
          error={result?.fields.newEmail}
        />
        <PasswordField
          name="currentPassword"
          label={authWords.currentPassword}
          autoComplete="current-password"
          error={result?.fields.currentPassword}
        />
        <div>
          <Button type="submit" busy={busy}>
            {busy ? say.busy : say.submit}
          </Button>
        </div>
      </fetcher.Form>
    </section>
  );
}
