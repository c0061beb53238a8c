import { Check, ChevronDown, Circle, CircleAlert, LoaderCircle } from "lucide-react";
import { Fragment } from "react";
import type { Trail, TrailStep } from "../../server/contracts/trail.ts";
import { text } from "../text.ts";
import { LocalTime } from "./local-time.tsx";

const looks = {
  waiting: { Icon: Circle, className: "text-ink-soft" },
  running: { Icon: LoaderCircle, className: "text-accent motion-safe:animate-turn" },
  done: { Icon: Check, className: "text-accent" },
  failed: { Icon: CircleAlert, className: "text-warn" },
  needs_you: { Icon: CircleAlert, className: "text-warn" },
} satisfies Record<TrailStep["state"], unknown>;

/** What the closed line is about: what is wrong before what goes on, and that before what is to come. */
function current({ steps }: Trail): TrailStep | undefined {
  const first = (state: TrailStep["state"]) => steps.find((step) => step.state === state);
  return (
    first("needs_you") ?? first("failed") ?? first("running") ?? first("waiting") ?? steps.at(-1)
  );
}

/**
 * How far the connection is, in one quiet line of a fixed height at the foot of the card; opened, it
 * shows every step. The browser's own disclosure: it works without JavaScript too.
 */
export function TrailLine({ trail }: { trail: Trail }) {
  const step = current(trail);
  if (!step) return null;
  return (
    <details className="group border-t border-line text-sm text-ink-soft" data-trail={step.state}>
      <summary className="flex h-11 cursor-pointer list-none items-center gap-2.5 px-4 sm:px-5 [&::-webkit-details-marker]:hidden">
        <Look state={step.state} />
        <span key={`${step.step} ${step.state}`} className="min-w-0 flex-1 truncate tabular-nums">
          {step.step === "done" && step.state === "done" ? (
            text.trail.upToDate(trail.transactions)
          ) : (
            <Sentence step={step} transactions={trail.transactions} />
          )}
        </span>
        <ChevronDown
          className="size-4 shrink-0 transition-transform group-open:rotate-180"
          aria-hidden="true"
        />
      </summary>
      <ol className="grid gap-2 px-4 pb-3.5 sm:px-5">
        {trail.steps.map((each) => (
          <li
            key={each.step}
            className="flex gap-2.5"
            data-step={each.step}
            data-state={each.state}
          >
            <Look state={each.state} />
            <span className="tabular-nums">
              <Sentence step={each} transactions={trail.transactions} />
            </span>
          </li>
        ))}
      </ol>
    </details>
  );
}

function Sentence({ step, transactions }: { step: TrailStep; transactions: number }) {
  const { state, retryAt } = step;
  const name =
    step.step === "transactions" && transactions > 0
      ? text.trail.arrived(transactions)
      : text.trail.step[step.step];
  // One text, and a new element for another state: words that only grow move nothing beside them.
  return (
    <Fragment key={state}>
      {state === "done" ? name : `${name}: ${text.trail.state[state]}`}
      {retryAt ? (
        <>
          {" "}
          <LocalTime iso={retryAt} timeOnly />
        </>
      ) : null}
    </Fragment>
  );
}

function Look({ state }: { state: TrailStep["state"] }) {
  const { Icon, className } = looks[state];
  return <Icon className={`mt-0.5 size-4 shrink-0 ${className}`} aria-hidden="true" />;
}
