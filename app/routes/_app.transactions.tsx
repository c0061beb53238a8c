import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Link, useLoaderData, useNavigation } from "@remix-run/react";
import type { ReactNode } from "react";
import { requireViewer } from "../auth/require-viewer.ts";
import { buttonClass } from "../components/button.tsx";
import { cardClass } from "../components/card.ts";
import { RouteError } from "../components/route-error.tsx";
import { useFreshData } from "../connect/use-fresh-data.ts";
import { pageTitle } from "../page-title.ts";
import { reasonOf } from "../reason-of.ts";
import { addressOf, readFilter, toInput } from "../transactions/filter.ts";
import { FilterForm } from "../transactions/filter-form.tsx";
import { words } from "../transactions/words.ts";
import {
  type ShownDay,
  type ShownTransaction,
  writeDays,
} from "../transactions/write-days.server.ts";

export const meta: MetaFunction = () => pageTitle(words.title);

export async function loader({ request, context }: LoaderFunctionArgs) {
  requireViewer(request, context);
  const address = new URL(request.url).searchParams;
  const filter = readFilter(address);
  const cursor = address.get("cursor");
  const [{ items }, page] = await Promise.all([
    context.caller.accounts.list(),
    context.caller.transactions.list(toInput(filter, cursor)).catch((error: unknown) => {
      // What a person typed, or a link that was cut: the page says so beside the form.
      if (reasonOf(error) === "invalid_input") return null;
      throw error;
    }),
  ]);
  const accounts = items.flatMap((item) => item.accounts);
  return {
    banks: items.map(({ id, institution, accounts }) => ({
      id,
      name: institution.name,
      accounts: accounts.map(({ id, name, mask }) => ({ id, name, mask })),
    })),
    unreadable: items.reduce((sum, item) => sum + item.unreadable.transactions, 0),
    coming: items.some(({ trail }) => trail.steps.at(-1)?.state !== "done"),
    page: page && {
      days: writeDays(page.transactions, accounts),
      nextCursor: page.nextCursor,
    },
    filter,
    paged: cursor !== null,
    dataVersion: context.dataVersion,
  };
}

export default function Transactions() {
  const { banks, unreadable, coming, page, filter, paged, dataVersion } =
    useLoaderData<typeof loader>();
  useFreshData(dataVersion);
  const { location } = useNavigation();
  const busy = location?.pathname === "/transactions";
  const filtered = Object.keys(filter).length > 0;
  const count = page?.days.reduce((sum, { rows }) => sum + rows.length, 0) ?? 0;

  return (
    <div className="max-w-204">
      <h1 className="text-2xl font-semibold">{words.title}</h1>
      <p className="text-ink-soft">{words.lead}</p>
      {page === null ? (
        <div role="alert" className="mt-6 rounded-xl bg-warn-soft px-4 py-3 text-sm text-warn">
          <p className="font-medium">{words.invalidTitle}</p>
          <p>{words.invalid}</p>
        </div>
      ) : null}
      {banks.length > 0 || filtered ? (
        <FilterForm
          filter={filter}
          banks={banks}
          busy={busy}
          found={page !== null && page.days.length > 0}
        />
      ) : null}
      {unreadable > 0 ? (
        <p className="mt-4 text-sm text-ink-soft">{words.unreadable(unreadable)}</p>
      ) : null}
      <p role="status" className="sr-only">
        {/* Said again for other filters, though it may be the same. */}
        <span key={addressOf(filter)}>
          {page && count > 0
            ? words.found(count, page.nextCursor !== null)
            : page && (filtered || paged)
              ? words.none
              : null}
        </span>
      </p>
      {page === null ? null : page.days.length > 0 ? (
        <>
          <Days days={page.days} busy={busy} />
          <nav aria-label={words.pages} className="mt-5 flex justify-between gap-3">
            {paged ? (
              <Link to={addressOf(filter)} className={buttonClass("secondary")}>
                {words.newest}
              </Link>
            ) : (
              <span />
            )}
            {page.nextCursor ? (
              <Link
                to={addressOf(filter, page.nextCursor)}
                rel="next"
                className={buttonClass("secondary")}
              >
                {words.next}
              </Link>
            ) : null}
          </nav>
        </>
      ) : filtered || paged ? (
        <Notice title={words.noneTitle}>{words.none}</Notice>
      ) : (
        <Notice title={words.emptyTitle}>
          <p className="mb-5">{coming ? words.coming : words.empty}</p>
          <Link to="/dashboard" className={buttonClass("secondary")}>
            {words.emptyAction}
          </Link>
        </Notice>
      )}
    </div>
  );
}

function Notice({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="mt-6 rounded-xl border border-dashed border-line-strong px-6 py-12 text-center">
      <h2 className="font-semibold">{title}</h2>
      <div className="mt-1 text-ink-soft">{children}</div>
    </div>
  );
}

/** The page's transactions under the days they are of. */
function Days({ days, busy }: { days: ShownDay[]; busy: boolean }) {
  return (
    <div
      aria-busy={busy}
      className="mt-5 grid grid-cols-[minmax(0,1fr)] gap-5 transition-opacity aria-busy:opacity-60"
    >
      {days.map(({ date, name, rows }) => (
        <section key={date} aria-labelledby={`day-${date}`}>
          <h2 id={`day-${date}`} className="mb-2 text-sm font-medium text-ink-soft">
            <time dateTime={date}>{name}</time>
          </h2>
          <ul className={`${cardClass} divide-y divide-line`}>
            {rows.map((row) => (
              <Row key={row.id} {...row} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function Row({ name, fullName, about, pending, incoming, amount }: ShownTransaction) {
  return (
    <li className="flex min-h-16 items-center gap-4 px-4 py-2.5 sm:px-5">
      <div className="min-w-0 flex-1">
        <p className="flex items-center gap-2">
          <span className="truncate font-medium" title={fullName}>
            {name}
          </span>
          {pending ? (
            <span
              title={words.pendingHint}
              className="shrink-0 rounded-full bg-sunken px-2 py-0.5 text-xs font-medium text-ink-soft"
            >
              {words.pending}
            </span>
          ) : null}
        </p>
        <p className="truncate text-sm text-ink-soft">{about}</p>
      </div>
      <p
        className={`shrink-0 text-right font-medium tabular-nums ${incoming ? "text-accent" : ""}`}
      >
        {amount}
      </p>
    </li>
  );
}

export function ErrorBoundary() {
  return <RouteError />;
}
