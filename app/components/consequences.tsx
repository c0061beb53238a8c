import { Check, Minus } from "lucide-react";
import type { ReactNode } from "react";
import { words } from "./confirm-words.ts";

interface ConsequencesProps {
  goes: string[];
  stays: string[];
  className?: string;
}

/** What is removed and what is kept, shown before an action that cannot be undone. */
export function Consequences({ goes, stays, className }: ConsequencesProps) {
  return (
    <dl className={`grid gap-3.5 rounded-xl bg-sunken px-4 py-3.5 text-sm ${className ?? ""}`}>
      <Lines
        title={words.goes}
        lines={goes}
        icon={<Minus className="mt-0.5 size-4 shrink-0 text-danger" aria-hidden="true" />}
      />
      <Lines
        title={words.stays}
        lines={stays}
        icon={<Check className="mt-0.5 size-4 shrink-0 text-accent" aria-hidden="true" />}
      />
    </dl>
  );
}

function Lines({ title, lines, icon }: { title: string; lines: string[]; icon: ReactNode }) {
  return (
    <div>
      <dt className="font-medium">{title}</dt>
      {lines.map((line) => (
        <dd key={line} className="mt-1 flex gap-2.5 text-ink-soft">
          {icon}
          {line}
        </dd>
      ))}
    </div>
  );
}
