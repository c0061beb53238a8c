import { ChevronDown, CircleAlert, CircleCheck, ShieldCheck } from "lucide-react";
import type { SecurityEventKind } from "../../server/contracts/security-events.ts";
import type { PageSecurityEvent } from "../../server/http/load-context.ts";
import { buttonClass } from "../components/button.tsx";
import { cardClass } from "../components/card.ts";
import { LocalTime } from "../components/local-time.tsx";
import { words } from "./security-words.ts";

/** How many events are shown at first. */
const shown = 10;

/** Events that someone other than the user may have caused. */
const failures: ReadonlySet<SecurityEventKind> = new Set([
  "log_in_failed",
  "step_up_failed",
  "factor_failed",
]);

function styleOf(kind: SecurityEventKind) {
  if (failures.has(kind)) return { Icon: CircleAlert, color: "text-warn" };
  if (kind === "log_in") return { Icon: CircleCheck, color: "text-accent" };
  return { Icon: ShieldCheck, color: "text-ink-soft" };
}

/** The user's security record: log-ins and all other security events of the account. */
export function SecurityEvents({ events }: { events: PageSecurityEvent[] }) {
  const older = events.slice(shown);
  return (
    <section aria-labelledby="security-events" className={`${cardClass} mt-4`}>
      <div className="px-4 pt-5 pb-2 sm:px-6">
        <h2 id="security-events" className="font-semibold">
          {words.title}
        </h2>
        <p className="mt-1 text-ink-soft">{events.length > 0 ? words.lead : words.empty}</p>
      </div>
      <EventList events={events.slice(0, shown)} />
      {older.length > 0 ? (
        <details className="group border-t border-line">
          <summary
            className={buttonClass(
              "quiet",
              "mx-0.5 my-2 list-none sm:mx-2.5 [&::-webkit-details-marker]:hidden",
            )}
          >
            {words.older(older.length)}
            <ChevronDown
              className="size-4 transition-transform group-open:rotate-180"
              aria-hidden="true"
            />
          </summary>
          <EventList events={older} />
        </details>
      ) : null}
    </section>
  );
}

function EventList({ events }: { events: PageSecurityEvent[] }) {
  return (
    <ol className="divide-y divide-line">
      {events.map(({ id, at, kind, details, device, address }) => {
        const { Icon, color } = styleOf(kind);
        return (
          <li key={id} className="flex gap-3 px-4 py-3 sm:px-6">
            <Icon className={`mt-0.5 size-4.5 shrink-0 ${color}`} aria-hidden="true" />
            <div className="min-w-0 flex-1">
              <div className="flex flex-wrap justify-between gap-x-6">
                <p className="font-medium wrap-anywhere">{words.kinds[kind](details)}</p>
                <p className="text-sm text-ink-soft tabular-nums sm:mt-px">
                  <LocalTime iso={at} />
                </p>
              </div>
              <p className="text-sm wrap-anywhere text-ink-soft">
                {[device, address, details.reason].filter(Boolean).join(" · ")}
              </p>
            </div>
          </li>
        );
      })}
    </ol>
  );
}
