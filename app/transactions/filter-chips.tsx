import { Link } from "@remix-run/react";
import { X } from "lucide-react";
import { addressOf, type Filter, filterNames } from "./filter.ts";
import { words } from "./words.ts";

interface FilterChipsProps {
  filter: Filter;
  /** The name of the account in the filter, if it is the user's. */
  account: string | null;
}

/** The filters that are set, each with a link that removes it. */
export function FilterChips({ filter, account }: FilterChipsProps) {
  const set = filterNames.filter((name) => filter[name] !== undefined);
  if (set.length === 0) return null;
  return (
    <ul aria-label={words.chips} className="mt-3 flex flex-wrap gap-2">
      {set.map((name) => {
        const { [name]: value = "", ...others } = filter;
        const label = words.chip[name](
          name === "account"
            ? (account ?? words.unknownAccount)
            : name === "category"
              ? (words.categories[value] ?? value)
              : value,
        );
        return (
          <li key={name} className="min-w-0">
            <Link
              to={addressOf(others)}
              aria-label={words.removeChip(label)}
              className="flex min-h-11 max-w-full items-center gap-1.5 rounded-full border border-line bg-surface py-1 pr-2.5 pl-3.5 text-sm hover:bg-sunken pointer-fine:min-h-8"
            >
              <span className="truncate">{label}</span>
              <X className="size-3.5 shrink-0 text-ink-soft" aria-hidden="true" />
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
