import {
  type ActionFunctionArgs,
  data,
  type LoaderFunctionArgs,
  type MetaFunction,
} from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { noticeKind } from "../../server/contracts/mail.ts";
import { requireViewer } from "../auth/require-viewer.ts";
import { Button } from "../components/button.tsx";
import { cardClass } from "../components/card.ts";
import { RouteError } from "../components/route-error.tsx";
import { words } from "../mail/words.ts";
import { pageTitle } from "../page-title.ts";
import { readForm } from "../read-form.ts";

export { clientAction } from "../send-form.ts";

const { notices } = words;

export const meta: MetaFunction = () => pageTitle(notices.title);

export async function loader({ request, context }: LoaderFunctionArgs) {
  requireViewer(request, context);
  return { kinds: await context.notices.list() };
}

export async function action({ request, context }: ActionFunctionArgs) {
  requireViewer(request, context);
  const wanted = noticeKind.array().safeParse((await readForm(request)).getAll("wanted"));
  if (!wanted.success) throw new Response(null, { status: 400 });
  await context.notices.choose(wanted.data);
  return data({ done: true });
}

export default function Notifications() {
  const { kinds } = useLoaderData<typeof loader>();
  const done = useActionData<typeof action>()?.done;
  const busy = useNavigation().formMethod === "POST";
  return (
    <>
      <h1 className="text-2xl font-semibold">{notices.title}</h1>
      <div className="grid text-ink-soft *:col-start-1 *:row-start-1">
        <p className={done ? "invisible" : undefined}>{notices.lead}</p>
        <p role="status">{done ? notices.saved : ""}</p>
      </div>
      <Form
        method="post"
        className={`${cardClass} mt-6 px-4 py-5 sm:px-6`}
        onSubmit={(event) => busy && event.preventDefault()}
      >
        <fieldset>
          <legend className="sr-only">{notices.title}</legend>
          {kinds.map(({ kind, wanted }) => (
            <label key={kind} className="flex hit-area cursor-pointer items-center gap-3">
              <input
                type="checkbox"
                name="wanted"
                value={kind}
                defaultChecked={wanted}
                className="size-4 shrink-0 accent-accent"
              />
              {notices.kinds[kind]}
            </label>
          ))}
        </fieldset>
        <div className="mt-4">
          <Button type="submit" busy={busy}>
            {busy ? notices.saving : notices.save}
          </Button>
        </div>
      </Form>
      <section aria-labelledby="always" className={`${cardClass} mt-4 px-4 py-5 sm:px-6`}>
        <h2 id="always" className="font-semibold">
          {notices.alwaysTitle}
        </h2>
        <ul className="mt-2 list-disc pl-5 text-ink-soft">
          {notices.always.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </section>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteError />;
}
