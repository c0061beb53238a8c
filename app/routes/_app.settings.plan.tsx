import {
  type ActionFunctionArgs,
  type LoaderFunctionArgs,
  type MetaFunction,
  redirect,
} from "@remix-run/node";
import { Form, Link, useLoaderData, useNavigation } from "@remix-run/react";
import { Check } from "lucide-react";
import {
  type Plan as PlanOfList,
  type PlanRequest,
  requestPlanInput,
} from "../../server/contracts/plan.ts";
import { requireViewer } from "../auth/require-viewer.ts";
import { Button, buttonClass } from "../components/button.tsx";
import { cardClass } from "../components/card.ts";
import { LocalTime } from "../components/local-time.tsx";
import { formatMoney } from "../components/money.ts";
import { PlanMeter } from "../components/plan-meter.tsx";
import { RouteError } from "../components/route-error.tsx";
import { useFreshData } from "../connect/use-fresh-data.ts";
import { pageTitle } from "../page-title.ts";
import { readForm } from "../read-form.ts";
import { words } from "../settings/plan-words.ts";

export const meta: MetaFunction = () => pageTitle(words.title);

export async function loader({ request, context }: LoaderFunctionArgs) {
  requireViewer(request, context);
  const [use, requests] = await Promise.all([context.caller.plan.get(), context.planRequests()]);
  const open = requests.find(({ answeredAt }) => answeredAt === null) ?? null;
  return { ...use, request: open, dataVersion: context.dataVersion };
}

/** Requests a larger plan, with and without JavaScript. */
export async function action({ request, context }: ActionFunctionArgs) {
  requireViewer(request, context);
  const form = await readForm(request);
  const input = requestPlanInput.safeParse({
    plan: form.get("plan"),
    note: form.get("note") ?? "",
  });
  if (input.success) await context.caller.plan.request(input.data);
  throw redirect("/settings/plan");
}

export default function Plan() {
  const { plan, accountsUsed, plans, request, dataVersion } = useLoaderData<typeof loader>();
  useFreshData(dataVersion);
  const larger = plans.filter(({ maxAccounts }) => maxAccounts > plan.maxAccounts);
  return (
    <>
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
        <p className="mt-1 text-ink-soft">{larger.length > 0 ? words.changeLine : words.largest}</p>
        {request ? (
          <p role="status" className="mt-4 rounded-xl bg-accent-soft px-4 py-3 text-sm text-accent">
            <span className="font-medium">
              {words.asked(plans.find(({ id }) => id === request.plan)?.name ?? request.plan)}.
            </span>{" "}
            {words.askedOn} <LocalTime iso={request.requestedAt} dateOnly />.
          </p>
        ) : null}
        {larger.length > 0 ? <RequestForm larger={larger} request={request} /> : null}
        <Link to="/dashboard" className={buttonClass("quiet", "-ml-3.5 mt-3")}>
          {words.toBanks}
        </Link>
      </section>
    </>
  );
}

/** Requests one of the larger plans. */
function RequestForm({ larger, request }: { larger: PlanOfList[]; request: PlanRequest | null }) {
  const { formMethod } = useNavigation();
  const busy = formMethod === "POST";
  return (
    <Form method="post" className="mt-4 grid max-w-140 gap-4">
      <label className="block text-sm font-medium">
        <span className="mb-1.5 block">{words.which}</span>
        <select name="plan" defaultValue={request?.plan ?? larger[0]?.id} className={fieldClass}>
          {larger.map(({ id, name, maxAccounts }) => (
            <option key={id} value={id}>
              {words.option(name, maxAccounts)}
            </option>
          ))}
        </select>
      </label>
      <label className="block text-sm font-medium">
        <span className="mb-1.5 block">{words.note}</span>
        <textarea
          name="note"
          rows={3}
          maxLength={500}
          defaultValue={request?.note ?? ""}
          className={`${fieldClass} h-auto py-2`}
        />
      </label>
      <Button type="submit" busy={busy} className="justify-self-start">
        {busy ? words.sending : request ? words.sendAgain : words.send}
      </Button>
    </Form>
  );
}

const fieldClass =
  "h-11 w-full rounded-lg border border-field-line bg-surface px-3 text-base outline-none focus:border-accent focus:ring-3 focus:ring-accent/25";

interface PlanRowProps {
  plan: PlanOfList;
  current: PlanOfList;
  used: number;
}

/** A plan, its limits, and what would change for this user. */
function PlanRow({ plan, current, used }: PlanRowProps) {
  const { id, name, priceMonthly, currency, maxAccounts } = plan;
  const isCurrent = id === current.id;
  const given = givenBy(maxAccounts, current.maxAccounts, used);
  const price = /^[0.]+$/.test(priceMonthly)
    ? ""
    : formatMoney(priceMonthly, currency).replace(/\.00$/, "");
  return (
    <li
      aria-current={isCurrent || undefined}
      className="px-4 py-3.5 sm:px-6 aria-[current=true]:bg-accent-soft"
    >
      <div className="flex items-baseline justify-between gap-4">
        <p className="flex flex-wrap items-center gap-x-2.5 font-medium">
          {name}
          {isCurrent ? (
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
