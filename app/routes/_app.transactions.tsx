import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Link, useLoaderData, useNavigation } from "@remix-run/react";
import { type ReactNode, Suspense, useCallback, useState } from "react";
import { transactionFilter } from "../../server/contracts/transactions.ts";
import { requireViewer } from "../auth/require-viewer.ts";
import { buttonClass } from "../components/button.tsx";
import { cardClass } from "../components/card.ts";
import { RouteError } from "../components/route-error.tsx";
import { reloadPage, showProblem } from "../components/toasts.tsx";
import { lazyDialog } from "../connect/lazy-dialog.tsx";
import { useFreshData } from "../connect/use-fresh-data.ts";
import { pageTitle } from "../page-title.ts";
import { reasonOf } from "../reason-of.ts";
import { text } from "../text.ts";
import { categoryLook } from "../transactions/category-looks.ts";
import { addressOf, readFilter, toInput } from "../transactions/filter.ts";
import { FilterChips } from "../transactions/filter-chips.tsx";
import { FilterForm } from "../transactions/filter-form.tsx";
import {
  type ShownDay,
  type ShownTransaction,
  toShownDays,
} from "../transactions/to-shown-days.server.ts";
import { toShownTotals } from "../transactions/to-shown-totals.server.ts";
import { TotalsColumn } from "../transactions/totals-column.tsx";
import { words } from "../transactions/words.ts";

export const meta: MetaFunction = () => pageTitle(words.title);

export async function loader({ request, context }: LoaderFunctionArgs) {
  requireViewer(request, context);
  const address = new URL(request.url).searchParams;
  const filter = readFilter(address);
  const cursor = address.get("cursor");
  const [{ items }, page] = await Promise.all([
    context.caller.accounts.list(),
    context.caller.transactions.list(toInput(filter, cursor)).catch((error: unknown) => {
      // The user typed an invalid filter, or a link was incomplete: the page shows it beside the form.
      if (reasonOf(error) === "invalid_input") return null;
      throw error;
    }),
  ]);
  const input = transactionFilter.safeParse(toInput(filter, null));
  const totals =
    page && page.transactions.length > 0 && input.success
      ? context.caller.transactions.totals(input.data).then(
          (all) => toShownTotals(all, filter),
          (error: unknown) => {
            context.report(error);
            throw error;
          },
        )
      : null;
  // An error after the user left the page must not end the process.
  totals?.catch(() => {});
  const accounts = items.flatMap((item) => item.accounts);
  return {
    banks: items.map(({ id, institution, accounts }) => ({
      id,
      name: institution.name,
      accounts: accounts.map(({ id, name, mask }) => ({ id, name, mask })),
    })),
    unreadable: items.reduce((sum, item) => sum + item.unreadable.transactions, 0),
    coming: items.some(({ timeline }) => timeline.steps.at(-1)?.state !== "done"),
    page: page && {
      days: toShownDays(page.transactions, accounts),
      nextCursor: page.nextCursor,
    },
    filter,
    totals,
    paged: cursor !== null,
    dataVersion: context.dataVersion,
  };
}

export default function Transactions() {
  const { banks, unreadable, coming, page, filter, totals, paged, dataVersion } =
    useLoaderData<typeof loader>();
  useFreshData(dataVersion);
  const { location } = useNavigation();
  const busy = location?.pathname === "/transactions";
  const filtered = Object.keys(filter).length > 0;
  const count = page?.days.reduce((sum, { rows }) => sum + rows.length, 0) ?? 0;

  return (
    <div className="grid gap-x-10 gap-y-8 lg:grid-cols-[minmax(0,1fr)_19rem]">
      <div className="min-w-0">
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
        <FilterChips
          filter={filter}
          account={
            banks.flatMap(({ accounts }) => accounts).find(({ id }) => id === filter.account)
              ?.name ?? null
          }
        />
        {unreadable > 0 ? (
          <p className="mt-4 text-sm text-ink-soft">{words.unreadable(unreadable)}</p>
        ) : null}
        <p role="status" className="sr-only">
          {/* Announced again for new filters, even if the text is the same. */}
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
      <aside className="lg:pt-20">{totals ? <TotalsColumn totals={totals} /> : null}</aside>
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

const loadDialog = async () =>
  (await import("../transactions/transaction-dialog.tsx")).TransactionDialog;
const TransactionDialog = lazyDialog(loadDialog);

/** The page's transactions by day; each opens a dialog with its details. */
function Days({ days, busy }: { days: ShownDay[]; busy: boolean }) {
  const [open, setOpen] = useState<{ row: ShownTransaction; day: string } | null>(null);
  const close = useCallback(() => setOpen(null), []);
  const fail = useCallback(() => {
    setOpen(null);
    const { notLoaded: message } = text.problem;
    showProblem("details", { title: words.notOpened, message, actions: [reloadPage] });
  }, []);
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
          <ul className={`${cardClass} divide-y divide-line overflow-hidden`}>
            {rows.map((row) => (
              <Row key={row.id} row={row} onOpen={() => setOpen({ row, day: name })} />
            ))}
          </ul>
        </section>
      ))}
      {open ? (
        <Suspense>
          <TransactionDialog {...open} onClose={close} onFail={fail} />
        </Suspense>
      ) : null}
    </div>
  );
}

function Row({ row, onOpen }: { row: ShownTransaction; onOpen: () => void }) {
  const { name, fullName, about, category, pending, incoming, amount } = row;
  const { Icon, tile } = categoryLook(category);
  return (
    <li className="relative flex min-h-16 items-center gap-3.5 px-4 py-2.5 hover:bg-sunken/50 sm:px-5">
      <span className={`grid size-9 shrink-0 place-items-center rounded-lg ${tile}`}>
        <Icon className="size-4.5" aria-hidden="true" />
      </span>
      <div className="min-w-0 flex-1">
        <p className="flex items-center gap-2">
          {/* Makes the whole row clickable. */}
          <button
            type="button"
            aria-haspopup="dialog"
            title={fullName}
            onPointerEnter={prepareDialog}
            onClick={onOpen}
            className="min-w-0 cursor-pointer truncate rounded-sm text-left font-medium after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:rounded-sm focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent"
          >
            {name}
          </button>
          {pending ? (
            <span
              title={words.pendingHint}
              className="shrink-0 rounded-full bg-sunken px-2 py-0.5 text-xs font-medium text-ink-soft"
            >
              {words.pending}
            </span>
          ) : null}
        </p>
        <p className="text-sm wrap-anywhere text-ink-soft sm:truncate">{about}</p>
      </div>
      <p
        className={`shrink-0 text-right font-medium tabular-nums ${incoming ? "text-accent" : ""}`}
      >
        {amount}
      </p>
    </li>
  );
}

/** Only loads in advance: a failure is reported when the user opens a transaction. */
const prepareDialog = () => void loadDialog().catch(() => {});

export function ErrorBoundary() {
  return <RouteError />;
}
