import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import { Check } from "lucide-react";
import type { Plan as PlanOfList } from "../../server/contracts/plan.ts";
import { requireViewer } from "../auth/require-viewer.ts";
import { buttonClass } from "../components/button.tsx";
import { cardClass } from "../components/card.ts";
import { formatMoney } from "../components/money.ts";
import { PlanMeter } from "../components/plan-meter.tsx";
import { RouteError } from "../components/route-error.tsx";
import { useFreshData } from "../connect/use-fresh-data.ts";
import { pageTitle } from "../page-title.ts";
import { words } from "../settings/plan-words.ts";

export const meta: MetaFunction = () => pageTitle(words.title);

export async function loader({ request, context }: LoaderFunctionArgs) {
  requireViewer(request, context);
  return { ...(await context.caller.plan.get()), dataVersion: context.dataVersion };
}

export default function Plan() {
  const { plan, accountsUsed, plans, dataVersion } = useLoaderData<typeof loader>();
  useFreshData(dataVersion);
  return (
    <div className="max-w-164">
      <h1 className="text-2xl font-semibold">{words.title}</h1>
      <p className="text-ink-soft">{words.lead}</p>
      <div className={`${cardClass} mt-6 px-4 py-5 sm:px-6`}>
        <PlanMeter plan={plan} accountsUsed={accountsUsed} />
        {accountsUsed >= plan.maxAccounts ? (
          <p className="mt-2 text-sm text-warn">{words.fullTitle}.</p>
        ) : null}
      </div>
      <section aria-labelledby="plans" className={`${cardClass} mt-4 overflow-hidden`}>
        <h2 id="plans" className="px-4 pt-5 pb-2 font-semibold sm:px-6">
          {words.plans}
        </h2>
        <ul className="divide-y divide-line">
          {plans.map((each) => (
            <PlanRow key={each.id} plan={each} current={plan} used={accountsUsed} />
          ))}
        </ul>
      </section>
      <section aria-labelledby="more-room" className={`${cardClass} mt-4 px-4 py-5 sm:px-6`}>
        <h2 id="more-room" className="font-semibold">
          {words.change}
        </h2>
        {words.changeLines.map((line) => (
          <p key={line} className="mt-1 text-ink-soft">
            {line}
          </p>
        ))}
        <Link to="/dashboard" className={buttonClass("secondary", "mt-4")}>
          {words.toBanks}
        </Link>
      </section>
    </div>
  );
}

interface PlanRowProps {
  plan: PlanOfList;
  current: PlanOfList;
  used: number;
}

/** A plan, what it holds, and what it would give to this person. */
function PlanRow({ plan, current, used }: PlanRowProps) {
  const { id, name, priceMonthly, currency, maxAccounts } = plan;
  const mine = id === current.id;
  const given = givenBy(maxAccounts, current.maxAccounts, used);
  const price = /^[0.]+$/.test(priceMonthly)
    ? ""
    : formatMoney(priceMonthly, currency).replace(/\.00$/, "");
  return (
    <li
      aria-current={mine || undefined}
      className="px-4 py-3.5 sm:px-6 aria-[current=true]:bg-accent-soft"
    >
      <div className="flex items-baseline justify-between gap-4">
        <p className="flex flex-wrap items-center gap-x-2.5 font-medium">
          {name}
          {mine ? (
            <span className="flex items-center gap-1 text-sm text-accent">
              <Check className="size-4" aria-hidden="true" />
              {words.yours}
            </span>
          ) : null}
        </p>
        <p className="shrink-0 text-sm text-ink-soft tabular-nums">
          {price === "" ? words.free : words.monthly(price)}
        </p>
      </div>
      <p className="text-sm text-ink-soft">
        {words.holds(maxAccounts)}
        {given ? ` · ${given}` : ""}
      </p>
    </li>
  );
}

function givenBy(max: number, now: number, used: number): string | null {
  if (max < used) return words.noRoomWith(used);
  return max > now && max > used ? words.roomWith(max - used) : null;
}

export function ErrorBoundary() {
  return <RouteError />;
}
