import { Link } from "@remix-run/react";
import { Plus } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Button } from "../components/button.tsx";
import { cardClass } from "../components/card.ts";

interface SecretsPageProps {
  words: {
    title: string;
    lead: string;
    docs: string;
    add: string;
    emptyTitle: string;
    empty: string;
  };
  /** The dialog that adds one. */
  dialog: (onClose: () => void) => ReactNode;
  /** One row per entry. */
  rows: ReactNode[];
}

/** Lists API keys or webhooks, with a button that adds one. */
export function SecretsPage({ words, dialog, rows }: SecretsPageProps) {
  const [adding, setAdding] = useState(false);
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-5">
        <div className="min-w-0 basis-80 grow">
          <h1 className="text-2xl font-semibold">{words.title}</h1>
          <p className="text-balance text-ink-soft">
            {words.lead}{" "}
            <Link to="/api/docs" className="rounded-sm whitespace-nowrap text-link">
              {words.docs}
            </Link>
          </p>
        </div>
        <Button
          icon={<Plus className="-ml-0.5 size-4" aria-hidden="true" />}
          onClick={() => setAdding(true)}
        >
          {words.add}
        </Button>
      </div>
      {rows.length === 0 ? (
        <div className="mt-6 rounded-xl border border-dashed border-line-strong px-6 py-12 text-center">
          <h2 className="font-semibold">{words.emptyTitle}</h2>
          <p className="mt-1 text-ink-soft">{words.empty}</p>
        </div>
      ) : (
        <ul className={`${cardClass} mt-6 divide-y divide-line`}>{rows}</ul>
      )}
      {adding ? dialog(() => setAdding(false)) : null}
    </>
  );
}
