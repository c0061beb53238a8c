import { Form, Link, useNavigate } from "@remix-run/react";
import { ChevronDown, Download, Search } from "lucide-react";
import {
  type ComponentPropsWithoutRef,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useRef,
} from "react";
import { Button, buttonClass } from "../components/button.tsx";
import { text } from "../text.ts";
import { addressOf, downloadOf, type Filter, filterNames, readFilter } from "./filter.ts";
import { words } from "./words.ts";

// 16 px, because iOS zooms in on smaller inputs.
const inputClass =
  "h-11 w-full min-w-0 rounded-lg border border-field-line bg-surface px-3 text-base text-ink outline-none focus:border-accent focus:ring-3 focus:ring-accent/25";

/** Runs before the browser takes the next input. React warns about layout effects on a server. */
const useEffectAtOnce = typeof document === "undefined" ? useEffect : useLayoutEffect;

/** A bank whose accounts can be chosen. */
interface FilteredBank {
  id: string;
  name: string;
  accounts: { id: string; name: string; mask: string | null }[];
}

interface FilterFormProps {
  filter: Filter;
  banks: FilteredBank[];
  busy: boolean;
  /** Whether there is anything to download. */
  found: boolean;
}

/** A plain GET form: the filters are in the page's URL, and it works without JavaScript. */
export function FilterForm({ filter, banks, busy, found }: FilterFormProps) {
  const { search } = filter;
  const filtered = Object.keys(filter).length > 0;
  const form = useRef<HTMLFormElement>(null);
  /** The URL whose filters the fields show, and those that the fields requested since, in order. */
  const requested = useRef([addressOf(filter)]);
  const navigate = useNavigate();
  const typedMeanwhile = useRef(false);

  // After a link or the back button, the fields show the filters of the new URL. What the user has typed since
  // stays: the search during a link, and every field where they requested the URL themselves. At once, because
  // what is typed after the page has changed belongs to the new filters.
  useEffectAtOnce(() => {
    const address = addressOf(filter);
    const at = requested.current.indexOf(address);
    if (at >= 0) {
      requested.current.splice(0, at);
      return;
    }
    requested.current = [address];
    for (const name of filterNames) {
      if (name === "search" && typedMeanwhile.current) continue;
      fieldOf(form.current, name).value = filter[name] ?? "";
    }
  }, [filter]);

  /** Returns the URL of what the fields contain. */
  function noteTyped(): string {
    typedMeanwhile.current = false;
    const typed = filterNames.map((name) => [name, fieldOf(form.current, name).value]);
    const address = addressOf(readFilter(new URLSearchParams(typed)));
    if (address !== requested.current.at(-1)) requested.current.push(address);
    return address;
  }
  /** One entry of the history for all that is typed. A space at the end searches for nothing else. */
  function searchNow() {
    const before = requested.current.at(-1);
    const address = noteTyped();
    if (address === before) return;
    navigate(address, { replace: search !== undefined, preventScrollReset: true });
  }
  /** Results as the user types, and one search at a time: what is typed meanwhile is searched for next. */
  function searchSoon() {
    if (busy) typedMeanwhile.current = true;
    else searchNow();
  }
  useEffect(() => {
    if (!busy && typedMeanwhile.current) searchNow();
  });

  return (
    <Form
      ref={form}
      method="get"
      action="/transactions"
      role="search"
      aria-label={words.filters}
      onSubmit={noteTyped}
      className="mt-6"
    >
      <div className="flex gap-2">
        <div className="relative min-w-0 flex-1">
          <Search
            className="pointer-events-none absolute top-3.5 left-3 size-4 text-ink-soft"
            aria-hidden="true"
          />
          <input
            type="search"
            name="search"
            maxLength={100}
            defaultValue={search}
            onInput={searchSoon}
            aria-label={words.search}
            placeholder={words.searchHint}
            className={`${inputClass} pl-9 placeholder:text-ink-soft`}
          />
        </div>
        <Button type="submit" kind="primary" busy={busy} className="h-11">
          {words.apply}
        </Button>
      </div>
      <div className="relative mt-2">
        <details className="group">
          <summary
            className={buttonClass("quiet", "-ml-3.5 list-none [&::-webkit-details-marker]:hidden")}
          >
            {words.more}
            <ChevronDown
              className="size-4 transition-transform group-open:rotate-180"
              aria-hidden="true"
            />
          </summary>
          <div className="mt-2 grid grid-cols-2 gap-3 rounded-xl border border-line bg-surface p-4 sm:grid-cols-4">
            <Labelled label={words.account} className="col-span-2">
              <select name="account" defaultValue={filter.account ?? ""} className={inputClass}>
                <option value="">{words.everyAccount}</option>
                {banks.map(({ id, name, accounts }) => (
                  <optgroup key={id} label={name}>
                    {accounts.map((account) => (
                      <option key={account.id} value={account.id}>
                        {account.name}
                        {account.mask ? ` ${text.account.mask(account.mask)}` : ""}
                      </option>
                    ))}
                  </optgroup>
                ))}
              </select>
            </Labelled>
            <Labelled label={words.category} className="col-span-2">
              <select name="category" defaultValue={filter.category ?? ""} className={inputClass}>
                <option value="">{words.everyCategory}</option>
                {Object.entries(words.categories).map(([category, name]) => (
                  <option key={category} value={category}>
                    {name}
                  </option>
                ))}
              </select>
            </Labelled>
            <Labelled label={words.from} className="max-sm:col-span-2">
              <Day name="from" defaultValue={filter.from} />
            </Labelled>
            <Labelled label={words.to} className="max-sm:col-span-2">
              <Day name="to" defaultValue={filter.to} />
            </Labelled>
            <Labelled label={words.min}>
              <Amount name="min" defaultValue={filter.min} />
            </Labelled>
            <Labelled label={words.max}>
              <Amount name="max" defaultValue={filter.max} />
            </Labelled>
            <p id="amount-hint" className="col-span-2 text-sm text-ink-soft sm:col-span-4">
              {words.amountHint}
            </p>
          </div>
        </details>
        <div className="flex flex-wrap-reverse justify-between gap-2 max-md:mt-2 md:absolute md:top-0 md:right-0">
          {filtered ? (
            <Link
              to="/transactions"
              // The link disappears with the filters, and would lose the focus.
              onClick={() => fieldOf(form.current, "search").focus()}
              className={buttonClass("quiet", "max-md:-ml-3.5 md:last:-mr-3.5")}
            >
              {words.clear}
            </Link>
          ) : null}
          {found ? (
            // No `download` attribute: a response that is not a file, for example the log-in, is then shown as
            // a page.
            <a href={downloadOf(filter)} className={buttonClass("secondary", "ml-auto")}>
              <Download className="-ml-0.5 size-4" aria-hidden="true" />
              {words.download}
            </a>
          ) : null}
        </div>
      </div>
    </Form>
  );
}

/** Returns a field of the form, which has one for each filter. */
const fieldOf = (form: HTMLFormElement | null, name: (typeof filterNames)[number]) =>
  form?.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement;

function Labelled({
  label,
  className = "",
  children,
}: {
  label: string;
  className?: string;
  children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child.
    <label className={`block min-w-0 text-sm font-medium ${className}`}>
      <span className="mb-1.5 block">{label}</span>
      {children}
    </label>
  );
}

function Day(props: ComponentPropsWithoutRef<"input">) {
  return <input type="date" {...props} className={inputClass} />;
}

function Amount(props: ComponentPropsWithoutRef<"input">) {
  return (
    <input
      type="text"
      autoComplete="off"
      aria-describedby="amount-hint"
      {...props}
      className={inputClass}
    />
  );
}
