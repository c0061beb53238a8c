import {
  type ActionFunctionArgs,
  data,
  type LoaderFunctionArgs,
  type MetaFunction,
} from "@remix-run/node";
import { Form, Link, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { Button, buttonClass } from "../components/button.tsx";
import { PlainPage } from "../mail/plain-page.tsx";
import { words } from "../mail/words.ts";
import { pageTitle } from "../page-title.ts";

export { clientAction } from "../send-form.ts";

const { unsubscribe, notices } = words;

export const meta: MetaFunction = () => pageTitle(unsubscribe.title);

const tokenOf = (request: Request) => new URL(request.url).searchParams.get("token") ?? "";

export function loader({ request, context }: LoaderFunctionArgs) {
  return { kind: context.notices.readToken(tokenOf(request)) };
}

/**
 * Handles the form of this page, and the requests that mail programs send automatically (RFC 8058).
 * Everything is in the URL; the body, which may have any type, is not read.
 */
export async function action({ request, context }: ActionFunctionArgs) {
  const off = await context.notices.unsubscribe(tokenOf(request));
  return data({ off }, { status: off ? 200 : 400 });
}

export default function Unsubscribe() {
  const { kind } = useLoaderData<typeof loader>();
  const off = useActionData<typeof action>()?.off;
  const { formMethod, formAction } = useNavigation();
  const busy = formMethod === "POST" && formAction !== undefined;
  const toSettings = (
    <Link to="/settings/notifications" className={buttonClass("secondary", "h-11 w-full")}>
      {unsubscribe.settings}
    </Link>
  );
  if (!kind) {
    return (
      <PlainPage title={words.link.title} lead={unsubscribe.unknown}>
        {toSettings}
      </PlainPage>
    );
  }
  if (off) {
    return (
      <PlainPage title={unsubscribe.doneTitle} lead={`${unsubscribe.done} ${notices.kinds[off]}.`}>
        {toSettings}
      </PlainPage>
    );
  }
  return (
    <PlainPage title={unsubscribe.title} lead={`${unsubscribe.lead} ${notices.kinds[kind]}.`}>
      <Form method="post" onSubmit={(event) => busy && event.preventDefault()}>
        <Button type="submit" busy={busy} className="h-11 w-full">
          {busy ? unsubscribe.busy : unsubscribe.submit}
        </Button>
      </Form>
      {toSettings}
    </PlainPage>
  );
}
