import { useFetcher, useLocation, useRouteLoaderData } from "@remix-run/react";
import type { loader } from "../root.tsx";
import { text } from "../text.ts";

const words = text.appearance;

/** Chooses light, dark or the system's color scheme. A form, so that it works without JavaScript. */
export function SchemeForm() {
  const { pathname, search } = useLocation();
  const chosen = useRouteLoaderData<typeof loader>("root")?.scheme ?? "system";
  const { Form } = useFetcher();
  const next = encodeURIComponent(pathname + search);
  return (
    <Form method="post" action={`/appearance?next=${next}`} preventScrollReset>
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
    </Form>
  );
}
