import { Check, ChevronDown, Circle, CircleAlert, LoaderCircle } from "lucide-react";
import { Fragment } from "react";
import { LocalTime } from "../components/local-time.tsx";
import type { ShownStep, ShownTimeline } from "./to-shown-item.server.ts";

const looks = {
  waiting: { Icon: Circle, className: "text-ink-soft" },
  running: { Icon: LoaderCircle, className: "text-accent motion-safe:animate-turn" },
  done: { Icon: Check, className: "text-accent" },
  failed: { Icon: CircleAlert, className: "text-warn" },
  needs_you: { Icon: CircleAlert, className: "text-warn" },
} satisfies Record<ShownStep["state"], unknown>;

/**
 * The progress of the connection, as one line of fixed height at the bottom of the card. When opened, it
 * shows every step. It uses the browser's `<details>`, which works without JavaScript too.
 */
export function TimelineLine({ timeline }: { timeline: ShownTimeline }) {
  const { line, steps } = timeline;
  return (
    <details
      className="group border-t border-line text-sm text-ink-soft"
      data-timeline={line.state}
    >
      <summary className="flex h-11 cursor-pointer list-none items-center gap-2.5 px-4 sm:px-5 [&::-webkit-details-marker]:hidden">
        <Look state={line.state} />
        <span key={`${line.step} ${line.state}`} className="min-w-0 flex-1 truncate tabular-nums">
          <Sentence {...line} />
        </span>
        <ChevronDown
          className="size-4 shrink-0 transition-transform group-open:rotate-180"
          aria-hidden="true"
        />
      </summary>
      <ol className="grid gap-2 px-4 pb-3.5 sm:px-5">
        {steps.map((each) => (
          <li
            key={each.step}
            className="flex gap-2.5"
            data-step={each.step}
            data-state={each.state}
          >
            <Look state={each.state} />
            <span className="tabular-nums">
              <Sentence {...each} />
            </span>
          </li>
        ))}
      </ol>
    </details>
  );
}

/** One text, as a new element for each state. A text that only grows does not move what is beside it. */
function Sentence({ words, state, at }: ShownStep) {
  return (
    <Fragment key={state}>
      {words}
      {at ? (
        <>
          {" "}
          <LocalTime {...at} />
        </>
      ) : null}
    </Fragment>
  );
}

function Look({ state }: { state: ShownStep["state"] }) {
  const { Icon, className } = looks[state];
  return <Icon className={`mt-0.5 size-4 shrink-0 ${className}`} aria-hidden="true" />;
}
