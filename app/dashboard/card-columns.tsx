import { type ReactElement, type ReactNode, useState } from "react";

interface CardColumnsProps {
  /** `id`: of the Item; `rows`: the number of rows of the card, its head included. */
  cards: { id: string; rows: number; card: ReactElement }[];
  /** Comes after the last card. */
  children: ReactNode;
}

/**
 * Cards below each other; on a wide screen in two columns of about the same height, with the same order. The
 * columns are divided when the page is opened, so that no card changes its column while the user looks at it: it
 * would lose its open dialog.
 */
export function CardColumns({ cards, children }: CardColumnsProps) {
  const [first, setFirst] = useState(
    () => new Set(cards.slice(0, countOfFirst(cards.map(({ rows }) => rows))).map(({ id }) => id)),
  );
  // A card that is removed from the first column must not draw one of the second into it.
  const [opening] = cards;
  if (first.size === 0 && opening) setFirst(new Set([opening.id]));
  const count = cards.findLastIndex(({ id }) => first.has(id)) + 1;
  const all = cards.map(({ card }) => card);
  return (
    <div className="grid items-start gap-4 2xl:grid-cols-2">
      <div className="grid min-w-0 gap-4 empty:hidden">{all.slice(0, count)}</div>
      <div className="grid min-w-0 gap-4 empty:hidden">
        {all.slice(count)}
        {children}
      </div>
    </div>
  );
}

/** Returns how many cards of these sizes the first column has: at least one. */
export function countOfFirst(sizes: number[]): number {
  const whole = sizes.reduce((sum, size) => sum + size, 0);
  let best = 1;
  let least = Number.POSITIVE_INFINITY;
  let above = 0;
  for (const [at, size] of sizes.entries()) {
    above += size;
    const difference = Math.abs(whole - 2 * above);
    if (difference < least) [best, least] = [at + 1, difference];
  }
  return best;
}
