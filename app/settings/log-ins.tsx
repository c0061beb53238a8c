import { ChevronDown, CircleAlert, CircleCheck } from "lucide-react";
import type { PageLogIn } from "../../server/http/load-context.ts";
import { buttonClass } from "../components/button.tsx";
import { cardClass } from "../components/card.ts";
import { LocalTime } from "../components/local-time.tsx";
import { words } from "./log-in-words.ts";

/** Log-ins that are shown before a person asks for more. */
const shown = 10;

/** Who logged in as the person, and who tried a wrong password. */
export function LogIns({ logIns }: { logIns: PageLogIn[] }) {
  const older = logIns.slice(shown);
  return (
    <section aria-labelledby="log-ins" className={`${cardClass} mt-4`}>
      <div className="px-4 pt-5 pb-2 sm:px-6">
        <h2 id="log-ins" className="font-semibold">
          {words.history}
        </h2>
        <p className="mt-1 text-ink-soft">
          {logIns.length > 0 ? words.historyLead : words.historyEmpty}
        </p>
      </div>
      <LogInList logIns={logIns.slice(0, shown)} />
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
          <LogInList logIns={older} />
        </details>
      ) : null}
    </section>
  );
}

const logInLooks = {
  succeeded: { Icon: CircleCheck, colour: "text-accent" },
  wrong_password: { Icon: CircleAlert, colour: "text-warn" },
} satisfies Record<PageLogIn["outcome"], unknown>;

function LogInList({ logIns }: { logIns: PageLogIn[] }) {
  return (
    <ol className="divide-y divide-line">
      {logIns.map(({ id, at, outcome, device, address }) => {
        const { Icon, colour } = logInLooks[outcome];
        return (
          <li key={id} className="flex gap-3 px-4 py-3 sm:px-6">
            <Icon className={`mt-0.5 size-4.5 shrink-0 ${colour}`} aria-hidden="true" />
            <div className="min-w-0 flex-1">
              <div className="flex flex-wrap justify-between gap-x-6">
                <p className="font-medium">{words[outcome]}</p>
                <p className="text-sm text-ink-soft tabular-nums sm:mt-px">
                  <LocalTime iso={at} />
                </p>
              </div>
              <p className="text-sm wrap-anywhere text-ink-soft">
                {device ?? words.unknownDevice}
                {address ? ` · ${address}` : ""}
              </p>
            </div>
          </li>
        );
      })}
    </ol>
  );
}
