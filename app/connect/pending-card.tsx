import { useEffect, useRef } from "react";
import { Monogram } from "../components/monogram.tsx";
import { Spinner } from "../components/spinner.tsx";
import { cardHeadClass, itemCardClass, notConnectedClass } from "../dashboard/item-card.tsx";
import { text } from "../text.ts";

interface PendingCardProps {
  bank: string | null;
  accountCount: number;
  /** How many accounts will be listed as not connected. */
  notConnected: number;
  /** The server is busy, and the call is being retried. */
  busy: boolean;
}

/** Shown in place of the new bank's card, in its size, while the connection is made. */
export function PendingCard({ bank, accountCount, notConnected, busy }: PendingCardProps) {
  const card = useRef<HTMLDivElement>(null);
  useEffect(() => card.current?.scrollIntoView({ block: "nearest" }), []);
  return (
    <div ref={card} className={`${itemCardClass} scroll-my-20`} role="status" data-pending="true">
      <div className={cardHeadClass}>
        {bank ? <Monogram name={bank} /> : <Bar className="size-10" />}
        <p className="min-w-0 flex-1 truncate font-semibold" title={text.connect.connecting(bank)}>
          {busy ? text.connect.busy : text.connect.connecting(bank)}
        </p>
        <Spinner className="text-accent" />
      </div>
      <div className="divide-y divide-line" aria-hidden="true">
        {Array.from({ length: Math.min(accountCount, 12) }, (_, row) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all the same and never move
          <div key={row} className="flex h-17 items-center justify-between gap-4 px-4 sm:px-5">
            <div className="grid gap-2">
              <Bar className="h-3.5 w-36" />
              <Bar className="h-3 w-24" />
            </div>
            <div className="grid justify-items-end gap-2">
              <Bar className="h-3.5 w-20" />
              <Bar className="h-3 w-28" />
            </div>
          </div>
        ))}
      </div>
      {notConnected > 0 ? (
        <div className={notConnectedClass} aria-hidden="true">
          {Array.from({ length: notConnected + 1 }, (_, row) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all the same and never move
            <div key={row} className="flex h-6 items-center">
              <Bar className="h-3 w-36" />
            </div>
          ))}
        </div>
      ) : null}
      <div
        className="flex h-11.25 items-center border-t border-line px-4 sm:px-5"
        aria-hidden="true"
      >
        <Bar className="h-3 w-44" />
      </div>
    </div>
  );
}

function Bar({ className }: { className: string }) {
  return <span className={`block animate-breathe rounded-md bg-sunken ${className}`} />;
}
