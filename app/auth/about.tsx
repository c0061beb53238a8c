import { ChartLine, EyeOff, Landmark } from "lucide-react";
import { words } from "./page-words.ts";

const icons = [Landmark, ChartLine, EyeOff];

/** What the product does and which data it never sees, beside the log-in and sign-up forms. */
export function About() {
  return (
    <aside
      aria-label={words.about.title}
      className="mt-12 border-t border-line pt-8 lg:col-start-1 lg:row-start-1 lg:mt-0 lg:border-0 lg:pt-[clamp(2.5rem,16dvh,10rem)]"
    >
      <p className="text-lg font-semibold text-balance lg:text-3xl lg:tracking-tight">
        {words.about.title}
      </p>
      <ul className="mt-5 grid gap-4 text-sm text-ink-soft lg:mt-8 lg:gap-5 lg:text-base">
        {words.about.points.map((point, at) => {
          const Icon = icons[at] ?? Landmark;
          return (
            <li key={point} className="flex gap-3">
              <Icon className="mt-0.5 size-4.5 shrink-0 text-accent" aria-hidden="true" />
              <span className="text-pretty">{point}</span>
            </li>
          );
        })}
      </ul>
    </aside>
  );
}
