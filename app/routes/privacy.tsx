import type { MetaFunction } from "@remix-run/node";
import { Link } from "@remix-run/react";
import { privacyNoticeVersion } from "../../server/contracts/privacy-notice.ts";
import { Logo } from "../components/logo.tsx";
import { pageTitle } from "../page-title.ts";
import { words } from "../privacy/words.ts";

export const meta: MetaFunction = () => pageTitle(words.title);

/** The privacy notice, which is public. Its version is recorded with every connection. */
export default function Privacy() {
  return (
    <div className="mx-auto w-full max-w-164 px-5 pt-6 pb-16">
      <header>
        <Logo />
      </header>
      <main className="pt-10">
        <h1 className="text-2xl font-semibold">{words.title}</h1>
        <p className="mt-1 text-ink-soft">{words.version(privacyNoticeVersion)}</p>
        {words.sections.map(({ title, lines }) => (
          <section key={title} className="mt-6">
            <h2 className="font-semibold">{title}</h2>
            {lines.map((line) => (
              <p key={line} className="mt-1 text-ink-soft">
                {line}
              </p>
            ))}
          </section>
        ))}
        <p className="mt-8">
          <Link to="/dashboard" className="rounded-sm py-2 font-medium text-link">
            {words.back}
          </Link>
        </p>
      </main>
    </div>
  );
}
