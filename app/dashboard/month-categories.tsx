import { Link } from "@remix-run/react";
import { ChevronLeft, ChevronRight, X } from "lucide-react";
import { type ReactNode, useCallback, useEffect, useState } from "react";
import type { FlowOfCategory } from "../../server/contracts/insights.ts";
import { Button } from "../components/button.tsx";
import { formatMoney } from "../components/money.ts";
import { categoryLook } from "../transactions/category-looks.ts";
import { words as transactionWords } from "../transactions/words.ts";
import { loadTrpc } from "../trpc.ts";
import type { CashFlowChart } from "./draw-charts.server.ts";
import { words } from "./month-words.ts";

interface MonthCategoriesProps {
  months: CashFlowChart["months"];
  /** YYYY-MM, one of `months`. */
  month: string;
  currency: string;
  className: string;
  onMonth: (month: string | null) => void;
}

/** A month of the cash flow by category. Loaded when a month is opened. */
export function MonthCategories(props: MonthCategoriesProps) {
  const { months, month, currency, className, onMonth } = props;
  const at = months.findIndex(({ id }) => id === month);
  const [loaded, setLoaded] = useState<FlowOfCategory[] | null>(null);
  const [failed, setFailed] = useState(false);

  const load = useCallback(async () => {
    setFailed(false);
    const trpc = await loadTrpc();
    const { currencies } = await trpc.insights.categories.query({ month });
    return currencies.find((one) => one.currency === currency)?.categories ?? [];
  }, [month, currency]);
  useEffect(() => {
    let wanted = true;
    // The previous month's categories stay until the next have been loaded.
    load().then(
      (categories) => wanted && setLoaded(categories),
      () => wanted && setFailed(true),
    );
    return () => {
      wanted = false;
    };
  }, [load]);

  const step = (by: -1 | 1, label: string, icon: ReactNode) => {
    const to = months[at + by];
    return (
      <button
        type="button"
        aria-label={label}
        aria-disabled={!to}
        onClick={() => to && onMonth(to.id)}
        className="grid size-9 cursor-pointer place-items-center rounded-lg text-ink-soft hover:bg-sunken hover:text-ink aria-disabled:cursor-not-allowed aria-disabled:opacity-40 pointer-coarse:size-11"
      >
        {icon}
      </button>
    );
  };
  const title = months[at]?.month ?? month;
  return (
    <section aria-label={title} className={className}>
      <div className="flex items-center gap-1">
        <h3 className="flex-1 font-semibold" aria-live="polite">
          {title}
        </h3>
        {step(-1, words.earlier, <ChevronLeft className="size-4" aria-hidden="true" />)}
        {step(1, words.later, <ChevronRight className="size-4" aria-hidden="true" />)}
        <button
          type="button"
          aria-label={words.close}
          onClick={() => onMonth(null)}
          className="-mr-2 grid size-9 cursor-pointer place-items-center rounded-lg text-ink-soft hover:bg-sunken hover:text-ink pointer-coarse:size-11"
        >
          <X className="size-4" aria-hidden="true" />
        </button>
      </div>
      {failed ? (
        <div className="mt-3 flex items-center gap-3 text-sm text-ink-soft" role="alert">
          {words.failed}
          <Button kind="secondary" onClick={() => load().then(setLoaded, () => setFailed(true))}>
            {words.tryAgain}
          </Button>
        </div>
      ) : loaded ? (
        <div className="mt-3 grid gap-x-10 gap-y-6 md:grid-cols-2">
          {(["out", "in"] as const).map((way) => (
            <Flow key={way} way={way} categories={loaded} month={month} currency={currency} />
          ))}
        </div>
      ) : (
        <div className="mt-4 h-48 animate-breathe rounded-lg bg-sunken" />
      )}
    </section>
  );
}

interface FlowProps {
  way: "in" | "out";
  categories: FlowOfCategory[];
  month: string;
  currency: string;
}

/** Money in or out by category, the largest amounts first; each category links to its transactions. */
function Flow({ way, categories, month, currency }: FlowProps) {
  // Converted to numbers only for the lengths of the bars.
  const rows = categories
    .filter((each) => Number(each[way]) > 0)
    .sort((a, b) => Number(b[way]) - Number(a[way]));
  const most = Number(rows[0]?.[way] ?? 1);
  return (
    <div className="min-w-0">
      <h4 className="text-sm font-medium text-ink-soft">{words[way]}</h4>
      {rows.length === 0 ? <p className="mt-2 text-sm text-ink-soft">{words.none[way]}</p> : null}
      <ul className="mt-1">
        {rows.map(({ category, count, [way]: amount }) => {
          const { Icon, tile, bar } = categoryLook(category);
          const name = category
            ? (transactionWords.categories[category] ?? category)
            : words.uncategorized;
          return (
            <li key={category} className="flex items-center gap-3 py-2">
              <span className={`grid size-8 shrink-0 place-items-center rounded-lg ${tile}`}>
                <Icon className="size-4" aria-hidden="true" />
              </span>
              <div className="min-w-0 flex-1">
                <p className="flex items-baseline justify-between gap-3 text-sm">
                  {category ? (
                    <Link
                      to={`/transactions?${new URLSearchParams({ category, ...daysOf(month) })}`}
                      className="truncate rounded-sm font-medium hover:underline"
                    >
                      {name}
                    </Link>
                  ) : (
                    <span className="truncate font-medium">{name}</span>
                  )}
                  <span className="shrink-0 tabular-nums">{formatMoney(amount, currency)}</span>
                </p>
                <div className="mt-1.5 flex items-center gap-3">
                  <svg
                    viewBox="0 0 100 4"
                    preserveAspectRatio="none"
                    aria-hidden="true"
                    className="h-1 flex-1 rounded-full bg-sunken"
                  >
                    <rect
                      width={Math.max(1, (Number(amount) / most) * 100)}
                      height="4"
                      className={bar}
                    />
                  </svg>
                  <span className="w-8 shrink-0 text-right text-xs text-ink-soft tabular-nums">
                    {count}×
                  </span>
                </div>
              </div>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** Returns the first and the last day of a month, in the format of the filter. */
function daysOf(month: string) {
  const [year = 0, number = 1] = month.split("-").map(Number);
  const last = new Date(Date.UTC(year, number, 0)).getUTCDate();
  return { from: `${month}-01`, to: `${month}-${last}` };
}
