import { useLocation, useRouteLoaderData } from "@remix-run/react";
import type { FormEvent } from "react";
import type { loader } from "../root.tsx";
import { text } from "../text.ts";
import { chooseScheme, useChosenScheme } from "./chosen-scheme.ts";

const words = text.appearance;

/** Chooses light, dark or the system's color scheme. A form, so that it works without JavaScript. */
export function SchemeForm() {
  const { pathname, search } = useLocation();
  const kept = useRouteLoaderData<typeof loader>("root")?.scheme ?? null;
  const chosen = useChosenScheme(kept) ?? "system";
  const next = encodeURIComponent(pathname + search);
  return (
    <form method="post" action={`/appearance?next=${next}`} onSubmit={choose}>
      <fieldset className="flex gap-1 rounded-lg bg-sunken p-1">
        <legend className="sr-only">{words.title}</legend>
        {(["system", "light", "dark"] as const).map((scheme) => (
          <button
            key={scheme}
            type="submit"
            name="scheme"
            value={scheme}
            aria-pressed={scheme === chosen}
            className="hit-area flex-1 cursor-pointer rounded-md px-2 text-sm font-medium text-ink-soft hover:text-ink aria-pressed:bg-surface aria-pressed:text-ink aria-pressed:shadow-card"
          >
            {words[scheme]}
          </button>
        ))}
      </fieldset>
    </form>
  );
}

function choose(event: FormEvent<HTMLFormElement>) {
  event.preventDefault();
  const { submitter } = event.nativeEvent as SubmitEvent;
  void chooseScheme((submitter as HTMLButtonElement).value);
}
