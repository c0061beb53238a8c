import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import { CircleAlert, CircleCheck, CircleMinus, Unplug } from "lucide-react";
import type { ActivityEntry, ActivityKind } from "../../server/contracts/activity.ts";
import { type Reason, reasons } from "../../server/contracts/errors.ts";
import { words } from "../activity/words.ts";
import { requireViewer } from "../auth/require-viewer.ts";
import { buttonClass } from "../components/button.tsx";
import { cardClass } from "../components/card.ts";
import { LocalTime } from "../components/local-time.tsx";
import { RouteError } from "../components/route-error.tsx";
import { useFreshData } from "../connect/use-fresh-data.ts";
import { pageTitle } from "../page-title.ts";
import { text } from "../text.ts";

export const meta: MetaFunction = () => pageTitle(words.title);

export async function loader({ request, context }: LoaderFunctionArgs) {
  requireViewer(request, context);
  return { ...(await context.caller.activity.list()), dataVersion: context.dataVersion };
}

const looks = {
  connected: { Icon: CircleCheck, colour: "text-accent" },
  already_connected: { Icon: CircleMinus, colour: "text-ink-soft" },
  reconnected: { Icon: CircleCheck, colour: "text-accent" },
  disconnected: { Icon: Unplug, colour: "text-ink-soft" },
  refused: { Icon: CircleMinus, colour: "text-warn" },
  failed: { Icon: CircleAlert, colour: "text-danger" },
  login_required: { Icon: CircleAlert, colour: "text-warn" },
  expiring: { Icon: CircleAlert, colour: "text-warn" },
  revoked: { Icon: CircleAlert, colour: "text-warn" },
  repaired: { Icon: CircleCheck, colour: "text-accent" },
  new_accounts: { Icon: CircleCheck, colour: "text-accent" },
  account_revoked: { Icon: CircleMinus, colour: "text-warn" },
} satisfies Record<ActivityKind, unknown>;

export default function Activity() {
  const { entries, dataVersion } = useLoaderData<typeof loader>();
  useFreshData(dataVersion);
  return (
    <>
      <h1 className="text-2xl font-semibold">{words.title}</h1>
      <p className="text-ink-soft">{words.lead}</p>
      {entries.length === 0 ? (
        <div className="mt-6 rounded-xl border border-dashed border-line-strong px-6 py-12 text-center">
          <h2 className="font-semibold">{words.emptyTitle}</h2>
          <p className="mt-1 mb-5 text-ink-soft">{words.empty}</p>
          <Link to="/dashboard" className={buttonClass("secondary")}>
            {words.emptyAction}
          </Link>
        </div>
      ) : (
        <ol className={`${cardClass} mt-6 divide-y divide-line`}>
          {entries.map((entry) => (
            <ActivityRow key={entry.id} entry={entry} />
          ))}
        </ol>
      )}
    </>
  );
}

function ActivityRow({ entry }: { entry: ActivityEntry }) {
  const { Icon, colour } = looks[entry.kind];
  const detail = detailOf(entry);
  return (
    <li className="flex gap-3 px-4 py-3.5 sm:px-5">
      <Icon className={`mt-0.5 size-4.5 shrink-0 ${colour}`} aria-hidden="true" />
      <div className="min-w-0 flex-1 sm:flex sm:gap-6">
        <div className="min-w-0 flex-1">
          <p className="font-medium wrap-break-word">{titleOf(entry)}</p>
          {detail ? <p className="text-sm text-ink-soft">{detail}</p> : null}
        </div>
        <p className="shrink-0 text-sm whitespace-nowrap text-ink-soft tabular-nums sm:mt-px">
          <LocalTime iso={entry.createdAt} />
        </p>
      </div>
    </li>
  );
}

function titleOf({ kind, reason, problem, institutionName }: ActivityEntry): string {
  const plain = reason === "accounts_chosen" ? words.accounts_chosen : words[kind];
  const title = problem === null ? plain : words.problem[problem];
  return title(institutionName ?? text.connect.aBank);
}

function detailOf({ kind, accountCount, reason, cleanUp }: ActivityEntry): string | null {
  if (cleanUp === "done") {
    return words.cleanedUp[reason === "exchange_lost" ? "lost" : "notFinished"];
  }
  if (reason === "exchange_lost" && cleanUp === null) return text.problem.lostForGood;
  if (kind === "connected" || kind === "disconnected")
    return text.dashboard.accountCount(accountCount);
  if (kind === "reconnected") {
    if (reason === "limit_reached") return words.noneAdded;
    return accountCount > 0 ? words.added(accountCount) : null;
  }
  if (reason && Object.hasOwn(reasons, reason)) return reasons[reason as Reason].message;
  return null;
}

export function ErrorBoundary() {
  return <RouteError />;
}
