import { Link } from "@remix-run/react";
import { buttonClass } from "../components/button.tsx";
import { cardClass } from "../components/card.ts";
import { words } from "./words.ts";

/** Shows on the Security page whether log-ins have a second step, and links to the page that changes it. */
export function SecondStepLink({ isOn }: { isOn: boolean }) {
  return (
    <section
      aria-labelledby="second-step"
      className={`${cardClass} mt-4 flex flex-wrap items-center justify-between gap-x-6 gap-y-3 px-4 py-5 sm:px-6`}
    >
      <div>
        <h2 id="second-step" className="font-semibold">
          {words.title}
        </h2>
        <p className="mt-1 text-ink-soft">{isOn ? words.on : words.off}</p>
      </div>
      <Link
        to="/settings/security/second-step"
        className={buttonClass(isOn ? "secondary" : "primary")}
      >
        {isOn ? words.change : words.setUp}
      </Link>
    </section>
  );
}
