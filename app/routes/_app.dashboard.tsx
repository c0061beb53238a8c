import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import { Info } from "lucide-react";
import { useState } from "react";
import type { Caller } from "../../server/api/router.ts";
import type { PlanOutput } from "../../server/contracts/plan.ts";
import { requireViewer } from "../auth/require-viewer.ts";
import { formatMoney } from "../components/money.ts";
import { PlanMeter } from "../components/plan-meter.tsx";
import { PrivacyNote } from "../components/privacy-note.tsx";
import { RouteError } from "../components/route-error.tsx";
import { ConnectButton } from "../connect/connect-button.tsx";
import { useConnect } from "../connect/connect-context.ts";
import { pendingBank } from "../connect/connect-state.ts";
import { DisconnectButton } from "../connect/disconnect-button.tsx";
import { EmptyDashboard } from "../connect/empty-dashboard.tsx";
import { ItemMenu } from "../connect/item-menu.tsx";
import { NeedsScript } from "../connect/needs-script.tsx";
import { PendingCard } from "../connect/pending-card.tsx";
import { ReconnectButton } from "../connect/reconnect-button.tsx";
import { toShownNews } from "../connect/to-shown-news.server.ts";
import { useFreshData } from "../connect/use-fresh-data.ts";
import { useLinkNews } from "../connect/use-link-news.ts";
import { CardColumns } from "../dashboard/card-columns.tsx";
import { type Charts, drawCharts } from "../dashboard/draw-charts.server.ts";
import { Insights } from "../dashboard/insights-panel.tsx";
import { ItemCard } from "../dashboard/item-card.tsx";
import { KindCard } from "../dashboard/kind-card.tsx";
import { netWorth } from "../dashboard/net-worth.ts";
import { type ShownItem, toShownItem } from "../dashboard/to-shown-item.server.ts";
import { toShownKinds } from "../dashboard/to-shown-kinds.server.ts";
import { readView, type View } from "../dashboard/view.ts";
import { ViewLinks } from "../dashboard/view-links.tsx";
import { pageTitle } from "../page-title.ts";
import { text } from "../text.ts";

export const meta: MetaFunction = () => pageTitle(text.nav.dashboard);

/**
 * Charts that are ready within this time are rendered with the page; later ones are streamed. Milliseconds.
 */
const patience = 50;

export async function loader({ request, context }: LoaderFunctionArgs) {
  requireViewer(request, context);
  const { caller, dataVersion } = context;
  const view = readView(new URL(request.url).searchParams);
  const accounts = context.kept(`dashboard ${view.by}`, () => loadAccounts(caller, view));
  // Requested now and awaited last, so that the accounts do not wait for them.
  const drawing = context.kept(`charts ${view.range} ${view.currency}`, () =>
    loadCharts(caller, view, accounts),
  );
  drawing.catch(() => {});
  const [loaded, news] = await Promise.all([accounts, context.link.listLinkNews()]);
  const room = roomOf(loaded.planUse);
  const charts = drawing.catch((error: unknown) => {
    // The page shows an error in their place.
    context.report(error);
    return null;
  });
  const early = await Promise.race([charts, after(patience)]);
  return {
    ...loaded,
    view,
    shown: shownCurrency(loaded.worths, view),
    charts: early === undefined ? charts : early,
    news: news.map((one) => toShownNews(one, { room })),
    dataVersion,
  };
}

const roomOf = ({ plan, accountsUsed }: Pick<PlanOutput, "plan" | "accountsUsed">) =>
  plan.maxAccounts - accountsUsed;

/** The part of the page that changes only with the user's accounts. */
async function loadAccounts(caller: Caller, { by }: View) {
  const [{ items }, { plan, accountsUsed }] = await Promise.all([
    caller.accounts.list(),
    caller.plan.get(),
  ]);
  const planUse = { plan, accountsUsed };
  const room = roomOf(planUse) > 0;
  return {
    kinds: by === "kind" ? toShownKinds(items.toReversed()) : null,
    // Oldest first, so that a new bank does not move the others.
    items: items.toReversed().map((item) => toShownItem(item, { room })),
    planUse,
    worths: netWorth(items.flatMap(({ accounts }) => accounts)).map(({ currency, amount }) => ({
      currency,
      amount: formatMoney(amount, currency),
    })),
  };
}

async function loadCharts(
  caller: Caller,
  view: View,
  accounts: ReturnType<typeof loadAccounts>,
): Promise<Charts> {
  const [{ worths }, worthByDay, cashFlow] = await Promise.all([
    accounts,
    caller.insights.netWorth({ range: view.range }),
    caller.insights.cashFlow(),
  ]);
  return drawCharts(shownCurrency(worths, view), worthByDay, cashFlow);
}

/** The currency that the view asks for, or else the first. */
function shownCurrency(worths: { currency: string }[], view: View): string | null {
  return (worths.find(({ currency }) => currency === view.currency) ?? worths[0])?.currency ?? null;
}

const after = (ms: number) => new Promise<undefined>((resolve) => setTimeout(resolve, ms));

const isUrgent = ({ requiredAction }: ShownItem) => requiredAction?.urgent === true;

export default function Dashboard() {
  const { items, kinds, view, planUse, worths, shown, charts, news, dataVersion } =
    useLoaderData<typeof loader>();
  const { step, arrival } = useConnect();
  useFreshData(dataVersion);

  const { plan, accountsUsed } = planUse;
  const room = roomOf(planUse);
  const full = room <= 0 ? text.plan.full(plan.name, plan.maxAccounts, accountsUsed) : null;
  useLinkNews(news);
  // The server has the new bank before the page does: its place is reserved until the page's data is
  // reloaded.
  const awaited = arrival && !items.some(({ id }) => id === arrival.itemId) ? arrival : null;
  const pending = pendingBank(step, room) ?? awaited;
  const empty = items.length === 0 && !pending;

  // Banks that need the user come first, in the order when the page was opened, so that nothing moves while
  // the user looks at it.
  const [first] = useState(() => new Set(items.filter(isUrgent).map(({ id }) => id)));
  const urgent = items.filter(({ id }) => first.has(id));
  const rest = items.filter(({ id }) => !first.has(id));
  const card = (item: ShownItem) => (
    <ItemCard
      key={item.id}
      item={item}
      isNew={item.id === arrival?.itemId}
      menu={<ItemMenu item={item} room={room} />}
      actionButton={
        item.requiredAction?.action === "disconnect" ? (
          <DisconnectButton item={item} />
        ) : (
          <ReconnectButton item={item} />
        )
      }
    />
  );

  return (
    <div className="grid gap-x-12 gap-y-6 lg:grid-cols-[minmax(0,1fr)_15rem]">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-5 lg:col-span-2">
        <div>
          <h1 className="text-2xl font-semibold">{text.dashboard.title}</h1>
          <p className="text-ink-soft tabular-nums">
            {items.length === 0
              ? text.dashboard.summaryEmpty
              : text.dashboard.summary(accountsUsed, items.length)}
          </p>
        </div>
        {empty ? null : (
          <>
            <ConnectButton full={full} className="max-sm:w-full" />
            <NeedsScript className="basis-full" />
          </>
        )}
      </div>
      <div
        // A separate element for the empty page, so that the first bank does not move its content.
        key={empty ? "empty" : "banks"}
        className="grid min-w-0 content-start gap-4"
      >
        {urgent.map(card)}
        {empty ? (
          <EmptyDashboard full={full} />
        ) : (
          <>
            <Insights
              worths={worths}
              shown={shown}
              view={view}
              hasTransactions={items.length === 0 || items.some((item) => item.hasTransactions)}
              charts={charts}
            />
            {kinds || rest.length > 0 || pending ? (
              <div className="mt-2 -mb-1 flex items-center justify-between gap-4">
                <h2 className="font-semibold">{text.dashboard.accounts}</h2>
                <ViewLinks
                  label={text.dashboard.by}
                  current={view.by}
                  choices={(["bank", "kind"] as const).map((by) => ({
                    key: by,
                    words: text.dashboard.ways[by],
                    view: { ...view, by },
                  }))}
                />
              </div>
            ) : null}
            <CardColumns
              key={kinds ? "kinds" : "banks"}
              cards={
                kinds
                  ? kinds.map((kind) => ({
                      id: kind.id,
                      rows: kind.accounts.length + 1,
                      card: <KindCard key={kind.id} kind={kind} />,
                    }))
                  : rest.map((item) => ({
                      id: item.id,
                      rows: item.accounts.length + 2,
                      card: card(item),
                    }))
              }
            >
              {pending ? <PendingCard busy={false} {...pending} /> : null}
            </CardColumns>
          </>
        )}
      </div>
      <aside
        // On a phone it is below the banks: a new element when their number or size changes.
        key={`${items.length + (pending ? 1 : 0)} ${step.name === "choosing"}`}
        className="grid content-start gap-8 pt-2 max-lg:mt-4 max-lg:grid-cols-2 max-sm:grid-cols-1"
      >
        <div>
          <PlanMeter {...planUse} />
          {/* Here it moves nothing when a new bank fills the plan. */}
          {full ? (
            <p
              id="plan-full"
              className="mt-3 flex gap-2.5 rounded-xl border border-line bg-warn-soft px-4 py-3 text-sm text-warn"
            >
              <Info className="mt-0.5 size-4 shrink-0" aria-hidden="true" />
              <span>
                {full}{" "}
                <Link to="/settings/plan" className="rounded-sm underline underline-offset-4">
                  {text.plan.see}
                </Link>
              </span>
            </p>
          ) : (
            <Link to="/settings/plan" className="mt-2 inline-block rounded-sm text-sm text-link">
              {text.plan.see}
            </Link>
          )}
        </div>
        {empty ? null : <PrivacyNote />}
      </aside>
    </div>
  );
}

export function ErrorBoundary() {
  return <RouteError />;
}
