import { Link } from "@remix-run/react";
import type { Consent } from "../../server/contracts/consents.ts";
import { cardClass } from "../components/card.ts";
import { LocalTime } from "../components/local-time.tsx";
import { words } from "./words.ts";

const { consents: say } = words;

/** The privacy notices that the user was shown before each connection. */
export function Consents({ consents }: { consents: Consent[] }) {
  return (
    <section aria-labelledby="consents" className={`${cardClass} mt-4`}>
      <div className="px-4 pt-5 pb-3 sm:px-6">
        <h2 id="consents" className="font-semibold">
          {say.title}
        </h2>
        <p className="mt-1 text-ink-soft">
          {consents.length > 0 ? say.lead : say.empty}{" "}
          <Link to="/privacy" className="rounded-sm text-link">
            {say.read}
          </Link>
        </p>
      </div>
      <ul className="divide-y divide-line">
        {consents.map(
          ({ id, institutionName, connectedAt, noticeVersion, shownAt, linkSessionId }) => (
            <li key={id} className="px-4 py-3 sm:px-6">
              <div className="flex flex-wrap justify-between gap-x-6">
                <p className="font-medium wrap-anywhere">{institutionName}</p>
                <p className="text-sm text-ink-soft tabular-nums">
                  <LocalTime iso={shownAt ?? connectedAt} />
                </p>
              </div>
              <p className="text-sm wrap-anywhere text-ink-soft">
                {noticeVersion ? say.notice(noticeVersion) : say.noNotice}
                {linkSessionId ? ` · ${say.session(linkSessionId)}` : ""}
              </p>
            </li>
          ),
        )}
      </ul>
    </section>
  );
}
