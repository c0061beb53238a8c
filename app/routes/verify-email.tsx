import {
  type ActionFunctionArgs,
  data,
  type LoaderFunctionArgs,
  type MetaFunction,
} from "@remix-run/node";
import { Form, Link, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import type { LinkOutcome } from "../../server/auth/mailed-links.ts";
import { Button, buttonClass } from "../components/button.tsx";
import { FormAlert } from "../components/form-alert.tsx";
import { DeadLink } from "../mail/dead-link.tsx";
import { PlainPage } from "../mail/plain-page.tsx";
import { words } from "../mail/words.ts";
import { pageTitle } from "../page-title.ts";
import { readForm } from "../read-form.ts";

export { clientAction } from "../send-form.ts";

const { verify, link } = words;

export const meta: MetaFunction = () => pageTitle(verify.title);

export async function loader({ request, context }: LoaderFunctionArgs) {
  const token = new URL(request.url).searchParams.get("token") ?? "";
  const { state, email } = await context.email.readLink("confirm_email", token);
  return data({ state, email, token }, { headers: { "cache-control": "no-store" } });
}

/** A form, because the link alone must not confirm: mail scanners open every link. */
export async function action({ request, context }: ActionFunctionArgs) {
  const form = await readForm(request);
  const outcome = await context.email.confirm(String(form.get("token") ?? ""));
  return data<{ outcome: LinkOutcome }>({ outcome }, { status: outcome === "done" ? 200 : 400 });
}

export default function VerifyEmail() {
  const { state, email, token } = useLoaderData<typeof loader>();
  const outcome = useActionData<typeof action>()?.outcome;
  const busy = useNavigation().formMethod === "POST";
  if (outcome === "done") {
    return (
      <PlainPage title={verify.doneTitle} lead={verify.done}>
        <Link to="/dashboard" className={buttonClass("primary", "h-11 w-full")}>
          {link.toDashboard}
        </Link>
      </PlainPage>
    );
  }
  const dead = outcome && outcome !== "taken" ? outcome : state;
  if (outcome !== "taken" && dead !== "good") {
    return <DeadLink state={dead} purpose="confirm_email" />;
  }
  return (
    <PlainPage title={verify.title} lead={email ? verify.lead(email) : undefined}>
      {outcome === "taken" ? (
        <FormAlert>{verify.taken}</FormAlert>
      ) : (
        <Form method="post" onSubmit={(event) => busy && event.preventDefault()}>
          <input type="hidden" name="token" value={token} />
          <Button type="submit" busy={busy} className="h-11 w-full">
            {busy ? verify.busy : verify.submit}
          </Button>
        </Form>
      )}
    </PlainPage>
  );
}
