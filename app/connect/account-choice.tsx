import { type FormEvent, type ReactNode, useId, useState } from "react";
import { Button } from "../components/button.tsx";
import { FormAlert } from "../components/form-alert.tsx";
import type { Failure } from "../failure.ts";

import { words } from "./choice-words.ts";

/** An account that can be chosen. `below`: its type and its last digits. */
export interface Choosable {
  id: string;
  name: string;
  below: string;
}

interface AccountChoiceProps {
  accounts: readonly Choosable[];
  /** How many can be chosen. */
  room: number;
  /** The ids of the accounts that are chosen at first. */
  chosen: readonly string[];
  /** Returns the label of the button for the number of chosen accounts. */
  submit: (count: number) => string;
  busy?: boolean;
  failure?: Failure | null;
  onSubmit: (ids: string[]) => void;
  onCancel: () => void;
  /** The consequences of the choice, above the buttons. */
  children?: (chosen: ReadonlySet<string>) => ReactNode;
}

/** Lets the user choose accounts, but not more than there is room for. */
export function AccountChoice(props: AccountChoiceProps) {
  const { accounts, room, submit, busy = false, failure, onSubmit, onCancel, children } = props;
  // Only what the user changed: the rest follows the accounts, which another tab may change meanwhile.
  const [changed, setChanged] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [empty, setEmpty] = useState(false);
  const hint = useId();
  const isChosen = (id: string) => changed.get(id) ?? props.chosen.includes(id);
  const chosen = new Set(accounts.map(({ id }) => id).filter(isChosen));
  const isFull = chosen.size >= room;

  function change(id: string, isChosen: boolean) {
    setChanged(new Map(changed).set(id, isChosen));
    setEmpty(false);
  }

  function send(event: FormEvent) {
    event.preventDefault();
    if (busy) return;
    setEmpty(chosen.size === 0);
    if (chosen.size > 0) onSubmit([...chosen]);
  }

  return (
    <form onSubmit={send} noValidate className="mt-4 grid grid-cols-[minmax(0,1fr)] gap-4">
      <fieldset aria-describedby={hint} className="min-w-0">
        <legend className="sr-only">{words.legend}</legend>
        <div className="max-h-[45dvh] divide-y divide-line overflow-y-auto rounded-xl border border-line">
          {accounts.map(({ id, name, below }) => {
            return (
              <label
                key={id}
                className="flex min-h-14 cursor-pointer items-center gap-3 px-4 py-2 has-disabled:cursor-not-allowed has-disabled:text-ink-soft"
              >
                <input
                  type="checkbox"
                  checked={chosen.has(id)}
                  disabled={isFull && !chosen.has(id)}
                  onChange={(event) => change(id, event.target.checked)}
                  className="size-4 shrink-0 accent-accent"
                />
                <span className="min-w-0">
                  <span className="block truncate font-medium">{name}</span>
                  <span className="block text-sm text-ink-soft">{below}</span>
                </span>
              </label>
            );
          })}
        </div>
        <p
          id={hint}
          className="mt-2 min-h-[1lh] text-sm max-sm:min-h-[2lh] text-ink-soft"
          aria-live="polite"
        >
          {words.count(chosen.size, Math.min(room, accounts.length))}{" "}
          {isFull && accounts.length > room ? words.full : ""}
        </p>
        {empty ? (
          <p role="alert" className="text-sm text-danger">
            {words.none}
          </p>
        ) : null}
      </fieldset>
      {children?.(chosen)}
      {failure ? (
        <FormAlert>
          <p>{failure.message}</p>
        </FormAlert>
      ) : null}
      <div className="flex flex-wrap justify-end gap-2">
        <Button kind="secondary" aria-disabled={busy} onClick={() => busy || onCancel()}>
          {words.cancel}
        </Button>
        <Button type="submit" busy={busy}>
          {submit(chosen.size)}
        </Button>
      </div>
    </form>
  );
}
