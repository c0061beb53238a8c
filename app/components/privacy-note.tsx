import { EyeOff, Lock } from "lucide-react";
import { text } from "../text.ts";

/** What is stored of a bank and what is never seen. */
export function PrivacyNote() {
  return (
    <section aria-label={text.privacy.title} className="text-sm">
      <dl className="grid gap-3">
        <div className="flex gap-2.5">
          <Lock className="mt-0.5 size-4 shrink-0 text-ink-soft" aria-hidden="true" />
          <div>
            <dt className="font-medium">{text.privacy.keptLabel}</dt>
            <dd className="text-ink-soft">{text.privacy.kept}</dd>
          </div>
        </div>
        <div className="flex gap-2.5">
          <EyeOff className="mt-0.5 size-4 shrink-0 text-ink-soft" aria-hidden="true" />
          <div>
            <dt className="font-medium">{text.privacy.neverLabel}</dt>
            <dd className="text-ink-soft">{text.privacy.never}</dd>
          </div>
        </div>
      </dl>
    </section>
  );
}
