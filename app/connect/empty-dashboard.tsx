import { Link } from "@remix-run/react";
import { Landmark } from "lucide-react";
import { cardClass } from "../components/card.ts";
import { text } from "../text.ts";
import { ConnectButton } from "./connect-button.tsx";
import { NeedsScript } from "./needs-script.tsx";

/** The dashboard before the first bank: how connecting works, what is stored, and the button to start. */
export function EmptyDashboard({ full }: { full: string | null }) {
  return (
    <section
      aria-label={text.empty.title}
      className={`${cardClass} px-6 py-14 text-center sm:px-10 sm:py-18`}
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
