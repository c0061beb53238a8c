import { Link } from "@remix-run/react";
import { Info, TriangleAlert } from "lucide-react";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { BankMark } from "../components/bank-mark.tsx";
import { buttonClass } from "../components/button.tsx";
import { cardClass } from "../components/card.ts";
import { LocalTime } from "../components/local-time.tsx";
import { text } from "../text.ts";
import { AccountRow } from "./account-row.tsx";
import { TimelineLine } from "./timeline-line.tsx";
import type { RequiredAction, ShownItem } from "./to-shown-item.server.ts";

/** The classes of a bank's card. A pending connection has the same, so that nothing moves. */
export const itemCardClass = `${cardClass} overflow-hidden`;
export const cardHeadClass = "flex h-18 items-center gap-3.5 border-b border-line px-4 sm:px-5";

/** The list of accounts that are not connected; all its lines have the same height. */
export const notConnectedClass =
  "border-t border-line bg-sunken px-4 py-2.5 text-sm text-ink-soft sm:px-5";

interface ItemCardProps {
  item: ShownItem;
  isNew: boolean;
  /** The button for the required action, shown while there is one. */
  actionButton: ReactNode;
  /** What the user can always do with the bank. */
  menu: ReactNode;
}

/** One bank with its accounts. A new one is highlighted for a while, and takes the focus. */
export function ItemCard({ item, isNew, actionButton, menu }: ItemCardProps) {
  const card = useRef<HTMLElement>(null);
  const headingId = useId();

  useEffect(() => {
    if (!isNew) return;
    card.current?.focus({ preventScroll: true });
    card.current?.scrollIntoView({ block: "nearest" });
  }, [isNew]);

  return (
    <article
      ref={card}
      tabIndex={-1}
      aria-label={item.bank}
      data-item-id={item.id}
      data-new={isNew || undefined}
      className={`${itemCardClass} scroll-my-20 data-new:border-accent data-new:ring-1 data-new:ring-accent motion-safe:data-new:animate-arrive motion-safe:data-new:border-line motion-safe:data-new:ring-0`}
    >
      <header className={cardHeadClass}>
        <BankMark name={item.bank} mark={item.mark} />
        <div className="min-w-0 flex-1">
          <h2 id={headingId} className="truncate font-semibold" title={item.bank}>
            {item.bank}
          </h2>
          <p className="truncate text-sm text-ink-soft">
            {item.accountsLabel}
            <span aria-hidden="true"> · </span>
            <LocalTime iso={item.createdAt} dateOnly />
          </p>
        </div>
        <Status status={item.status} />
        {menu}
      </header>
      {item.requiredAction ? (
        <RequiredActionNote {...item.requiredAction}>{actionButton}</RequiredActionNote>
      ) : null}
      <ul aria-labelledby={headingId} className="divide-y divide-line">
        {item.accounts.map((account) => (
          <AccountRow key={account.id} account={account} isLinked={item.hasTransactions} />
        ))}
      </ul>
      {item.notConnected.length > 0 ? <NotConnected accounts={item.notConnected} /> : null}
      {item.notes.map((note) => (
        <p key={note} className="border-t border-line px-4 py-2.5 text-sm text-ink-soft sm:px-5">
          {note}
        </p>
      ))}
      {item.timeline ? <TimelineLine timeline={item.timeline} /> : null}
    </article>
  );
}

/** What the user must do, with the button for it. */
function RequiredActionNote({
  words,
  endsAt,
  action,
  urgent,
  children,
}: RequiredAction & { children: ReactNode }) {
  const Icon = urgent ? TriangleAlert : Info;
  return (
    <div
      className={`flex flex-wrap items-center gap-x-4 gap-y-2.5 border-b border-line px-4 py-2.5 text-sm sm:px-5 ${urgent ? "bg-warn-soft text-warn" : "bg-sunken text-ink"}`}
    >
      <p className="flex min-w-48 flex-1 gap-2.5">
        <Icon className="mt-0.5 size-4 shrink-0" aria-hidden="true" />
        <span>
          {words}
          {endsAt ? (
            <>
              {" "}
              {text.dashboard.permissionEnds} <LocalTime iso={endsAt} dateOnly />.
            </>
          ) : null}
        </span>
      </p>
      {action === "plans" ? (
        <Link to="/settings/plan" className={buttonClass("secondary")}>
          {text.plan.see}
        </Link>
      ) : action === null ? null : (
        children
      )}
    </div>
  );
}

/** The names of the accounts that the bank shares but that are not connected. */
function NotConnected({ accounts }: { accounts: ShownItem["notConnected"] }) {
  const headingId = useId();
  return (
    <section aria-labelledby={headingId} className={notConnectedClass}>
      <h3 id={headingId} className="h-6 font-medium leading-6">
        {text.dashboard.notConnected}
      </h3>
      <ul>
        {accounts.map(({ id, name, fullName, kind, mask }) => (
          <li key={id} className="flex h-6 gap-1.5 leading-6">
            <span className="truncate" title={fullName}>
              {name}
            </span>
            <span className="sr-only">{kind}</span>
            {mask ? (
              <>
                <span aria-hidden="true" className="whitespace-nowrap tabular-nums">
                  {mask.seen}
                </span>
                <span className="sr-only">{mask.spoken}</span>
              </>
            ) : null}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Status({ status }: { status: ShownItem["status"] }) {
  const { words, good } = status;
  return (
    <span
      className={`inline-flex shrink-0 items-center gap-1.5 rounded-full px-2.5 py-1 text-xs font-medium max-sm:p-1.5 ${good ? "bg-accent-soft text-accent" : "bg-warn-soft text-warn"}`}
    >
      <span className="size-1.5 rounded-full bg-current" aria-hidden="true" />
      {/* Not on a phone: there is no space beside the bank's name. */}
      <span className="max-sm:sr-only">{words}</span>
    </span>
  );
}
