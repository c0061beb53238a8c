import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import type { Operation } from "../../server/api/contract/openapi-operation.ts";
import { curlOf, OperationView } from "../api-docs/operation-view.tsx";
import { SchemaFields } from "../api-docs/schema-view.tsx";
import { words } from "../api-docs/words.ts";
import { cardClass } from "../components/card.ts";
import { Logo } from "../components/logo.tsx";
import { pageTitle } from "../page-title.ts";

export const meta: MetaFunction = () => pageTitle(words.title);

/** Public: it contains no user's data. */
export function loader({ context }: LoaderFunctionArgs) {
  return context.openApi;
}

/** The commands of a program with a key; the client's README has the same, starting from a fresh clone. */
const firstBank = (url: string) => `export FISCILITY_URL=${url} FISCILITY_API_KEY=fsk_…
npm install ./fiscility-client-*.tgz tsx   # npm pack --workspace client makes it, in the repository
npx tsx node_modules/@fiscility/client/examples/connect-a-bank.ts
npx tsx node_modules/@fiscility/client/examples/list-accounts.ts`;

const verify = `import { verifyWebhook } from "@fiscility/client/webhooks";

const event = verifyWebhook(secret, request.headers, await request.text());`;
/** Parses the Markdown that the description uses: `**Title.**` at the start of a paragraph, and code. */
function paragraphsOf(description: string): { title: string; body: string }[] {
  return description.split("\n\n").map((paragraph) => {
    const [, title = "", body = ""] = /^(?:\*\*(.+?)\*\* )?(.*)$/s.exec(paragraph) ?? [];
    return { title, body: body.replaceAll("`", "") };
  });
}

export default function ApiDocs() {
  const { info, servers, paths, components } = useLoaderData<typeof loader>();
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    (Object.entries(methods) as [string, Operation][]).map(([method, operation]) => ({
      method,
      path,
      operation,
    })),
  );
  // Failures are described with the calls that return them.
  const objects = Object.entries(components.schemas)
    .filter(([name]) => !name.startsWith("Failure"))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return (
    <div className="mx-auto max-w-6xl px-4 py-6 sm:px-6">
      <header>
        <Link to="/" className="inline-block rounded-md py-2">
          <Logo />
        </Link>
      </header>
      <div className="mt-4 grid gap-x-10 lg:grid-cols-[13rem_minmax(0,1fr)]">
        <nav aria-label={words.title} className="text-sm max-lg:hidden">
          <ul className="sticky top-6 grid max-h-[90dvh] gap-0.5 overflow-y-auto">
            {operations.map(({ method, path, operation }) => (
              <li key={operation.operationId}>
                <a
                  href={`#${operation.operationId}`}
                  className="block rounded-md px-2 py-1.5 font-mono text-xs wrap-anywhere text-ink-soft hover:bg-sunken hover:text-ink"
                >
                  {method.toUpperCase()} {path.replace("/api/v1", "")}
                </a>
              </li>
            ))}
            <li>
              <a href="#objects" className="block rounded-md px-2 py-1.5 hover:bg-sunken">
                {words.objects}
              </a>
            </li>
          </ul>
        </nav>
        <main className="min-w-0">
          <h1 className="text-2xl font-semibold">{info.title}: API</h1>
          <p className="text-ink-soft">{words.lead}</p>
          <section className="mt-6 max-w-3xl">
            <h2 className="text-lg font-semibold">{words.startTitle}</h2>
            {paragraphsOf(info.description).map(({ title, body }) => (
              <p key={body} className="mt-2">
                {title ? <strong className="font-semibold">{title} </strong> : null}
                {body}
              </p>
            ))}
            <pre className="mt-3 rounded-lg bg-sunken p-3 text-xs leading-relaxed wrap-anywhere whitespace-pre-wrap">
              <code>{curlOf("get", "/api/v1/accounts", { body: false, byKey: true })}</code>
            </pre>
            <p className="mt-3">{words.client}</p>
            <pre className="mt-3 rounded-lg bg-sunken p-3 text-xs leading-relaxed wrap-anywhere whitespace-pre-wrap">
              <code>{firstBank(servers[0]?.url ?? "")}</code>
            </pre>
            <p className="mt-3 flex flex-wrap gap-x-5 gap-y-1">
              <Link to="/settings/api-keys" className="rounded-sm font-medium text-link">
                {words.keysLink}
              </Link>
              <a href="/api/openapi.json" className="rounded-sm font-medium text-link">
                {words.document}
              </a>
            </p>
          </section>
          <section className="mt-8 max-w-3xl">
            <h2 className="text-lg font-semibold">{words.webhooksTitle}</h2>
            <p className="mt-1">{words.webhooks}</p>
            <pre className="mt-3 rounded-lg bg-sunken p-3 text-xs leading-relaxed wrap-anywhere whitespace-pre-wrap">
              <code>{verify}</code>
            </pre>
            <p className="mt-3">{words.webhooksAfter}</p>
            <p className="mt-3">
              <Link to="/settings/webhooks" className="rounded-sm font-medium text-link">
                {words.webhooksLink}
              </Link>
            </p>
          </section>
          <section className="mt-8">
            <h2 className="text-lg font-semibold">{words.operations}</h2>
            <div className="mt-3 grid gap-4">
              {operations.map((each) => (
                <OperationView
                  key={each.operation.operationId}
                  {...each}
                  schemas={components.schemas}
                />
              ))}
            </div>
          </section>
          <section className="mt-8 pb-16">
            <h2 id="objects" className="scroll-mt-6 text-lg font-semibold">
              {words.objects}
            </h2>
            <div className={`${cardClass} mt-3 divide-y divide-line`}>
              {objects.map(([name, schema]) => (
                <section key={name} id={name} className="scroll-mt-6 px-4 py-3 sm:px-5">
                  <h3 className="font-mono text-sm font-semibold">{name}</h3>
                  <SchemaFields schema={schema} sent={name.endsWith("Input")} />
                </section>
              ))}
            </div>
          </section>
        </main>
      </div>
    </div>
  );
}
