import { Link } from "@remix-run/react";
import { type View, viewPath } from "./view.ts";

interface ViewLinksProps {
  label: string;
  /** Each choice with its text and the view that it links to. */
  choices: { key: string; words: string; view: View }[];
  current: string | null;
}

/** Chooses one of a few views. They are links, so that they work without JavaScript. */
export function ViewLinks({ label, choices, current }: ViewLinksProps) {
  return (
    <nav aria-label={label} className="flex">
      {choices.map(({ key, words, view }) => (
        <Link
          key={key}
          to={viewPath(view)}
          replace
          preventScrollReset
          aria-current={key === current ? "true" : undefined}
          className="flex min-h-11 min-w-9 items-center justify-center rounded-md px-2 text-xs font-medium text-ink-soft hover:bg-sunken hover:text-ink aria-[current]:bg-sunken aria-[current]:text-ink pointer-fine:min-h-7"
        >
          {words}
        </Link>
      ))}
    </nav>
  );
}
