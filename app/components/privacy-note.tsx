import { Link } from "@remix-run/react";
import { EyeOff, Lock } from "lucide-react";
import { text } from "../text.ts";

/** Which data of a bank is stored, and which is never seen. */
export function PrivacyNote() {
  return (
    <section aria-label={text.privacy.title} className="text-sm">
      <dl className="grid gap-3">
        <div>
          <dt className="flex items-center gap-2.5 font-medium">
            <Lock className="size-4 shrink-0 text-ink-soft" aria-hidden="true" />
            {text.privacy.keptLabel}
          </dt>
          <dd className="pl-6.5 text-ink-soft">{text.privacy.kept}</dd>
        </div>
        <div>
          <dt className="flex items-center gap-2.5 font-medium">
            <EyeOff className="size-4 shrink-0 text-ink-soft" aria-hidden="true" />
            {text.privacy.neverLabel}
          </dt>
          <dd className="pl-6.5 text-ink-soft">{text.privacy.never}</dd>
        </div>
      </dl>
      <Link to="/privacy" className="mt-2 inline-block rounded-sm text-link">
        {text.privacy.notice}
      </Link>
    </section>
  );
}
