import { useId } from "react";
import type { LinkKind } from "../../server/contracts/connect.ts";
import { text } from "../text.ts";

const kinds: LinkKind[] = ["bank", "investments", "loan"];

interface KindChoiceProps {
  chosen: LinkKind;
  onChoose(kind: LinkKind): void;
}

/** Chooses what Link offers: it lists brokerages and lenders only on request. */
export function KindChoice({ chosen, onChoose }: KindChoiceProps) {
  const name = useId();
  return (
    <fieldset className="grid grid-cols-[repeat(3,auto)] gap-1 rounded-lg bg-sunken p-1 noscript:hidden">
      <legend className="sr-only">{text.connect.kindLabel}</legend>
      {kinds.map((kind) => (
        <label
          key={kind}
          className="hit-area flex cursor-pointer items-center justify-center rounded-md px-1.5 text-center text-sm leading-tight font-medium sm:px-2.5 sm:whitespace-nowrap text-ink-soft hover:text-ink has-checked:bg-surface has-checked:text-ink has-checked:shadow-card has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
        >
          <input
            type="radio"
            name={name}
            value={kind}
            checked={kind === chosen}
            onChange={() => onChoose(kind)}
            className="sr-only"
          />
          {text.connect.kind[kind]}
        </label>
      ))}
    </fieldset>
  );
}
