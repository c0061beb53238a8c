import { Link } from "@remix-run/react";
import { Landmark } from "lucide-react";
import { cardClass } from "../components/card.ts";
import { formatMoney } from "../components/money.ts";
import { text } from "../text.ts";
import { ConnectButton } from "./connect-button.tsx";
import { NeedsScript } from "./needs-script.tsx";

/** The dashboard before the first bank: how connecting works, what is stored, and the button to start. */
export function EmptyDashboard({ full }: { full: string | null }) {
  return (
    <>
      <Invitation full={full} />
      <Preview />
    </>
  );
}

function Invitation({ full }: { full: string | null }) {
  return (
    <section
      aria-label={text.empty.title}
      className={`${cardClass} px-6 py-12 text-center sm:px-10`}
    >
      <span
        aria-hidden="true"
        className="mx-auto grid size-12 place-items-center rounded-xl bg-accent-soft text-accent"
      >
        <Landmark className="size-5.5" strokeWidth={1.75} />
      </span>
      <h2 className="mt-5 text-xl font-semibold">{text.empty.title}</h2>
      <div className="mx-auto mt-2.5 mb-7 grid max-w-md gap-2 text-pretty text-ink-soft">
        {text.empty.lines.map((line) => (
          <p key={line}>{line}</p>
        ))}
      </div>
      <ConnectButton full={full} className="hit-area px-5 max-sm:w-full" />
      <p className="mt-4 text-sm">
        <Link to="/privacy" className="rounded-sm text-link">
          {text.privacy.notice}
        </Link>
      </p>
      <NeedsScript className="mx-auto mt-4 max-w-md" />
    </section>
  );
}

/** Invented amounts that add up. */
const amounts = ["8421.55", "31240.10", "-1310.42"];
const netWorth = "38351.23";

/** What the dashboard shows once a bank is connected, in small. Screen readers read its caption alone. */
function Preview() {
  const { title, accounts } = text.empty.preview;
  return (
    <figure className="mt-4">
      <figcaption className="mb-3 text-sm text-ink-soft">{title}</figcaption>
      <div
        aria-hidden="true"
        className="rounded-xl border border-dashed border-line-strong text-ink-soft tabular-nums select-none"
      >
        <div className="grid gap-x-8 gap-y-4 px-5 py-5 sm:grid-cols-[auto_minmax(0,1fr)] sm:items-end">
          <div>
            <p className="text-sm">{text.dashboard.netWorth}</p>
            <p className="text-2xl font-semibold tracking-tight">{formatMoney(netWorth, "USD")}</p>
          </div>
          <svg
            viewBox="0 0 400 72"
            preserveAspectRatio="none"
            aria-hidden="true"
            className="h-18 w-full"
          >
            <path d={`${line} V72 H0 Z`} className="fill-accent-soft" />
            <path
              d={line}
              fill="none"
              strokeWidth="2"
              vectorEffect="non-scaling-stroke"
              className="stroke-accent"
            />
          </svg>
        </div>
        <ul className="divide-y divide-line border-t border-line text-sm">
          {accounts.map((name, at) => (
            <li key={name} className="flex justify-between gap-4 px-5 py-3">
              <span className="min-w-0 truncate">{name}</span>
              <span>{formatMoney(amounts[at] ?? "0", "USD")}</span>
            </li>
          ))}
        </ul>
      </div>
    </figure>
  );
}

const line =
  "M0 58 L32 54 L64 57 L96 48 L128 50 L160 41 L192 44 L224 33 L256 36 L288 26 L320 29 L352 17 L376 20 L400 9";
