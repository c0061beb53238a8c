/** Returns one or two initials of a name: "First Platypus Bank" -> "FP". */
export function initialsOf(name: string): string {
  const words = name.split(/[\s\-–—/&.,()]+/u).filter(Boolean);
  return words
    .slice(0, 2)
    .map((word) => [...word][0] ?? "")
    .join("")
    .toLocaleUpperCase("en-US");
}

/** A name's initials on a muted background. Decorative: the name is always shown beside it. */
export function Monogram({
  name,
  shape = "square",
}: {
  name: string;
  shape?: "square" | "circle";
}) {
  const form = shape === "square" ? "size-10 rounded-[0.625rem]" : "size-8 rounded-full";
  return (
    <span
      aria-hidden="true"
      className={`grid shrink-0 place-items-center border border-line bg-sunken text-xs font-semibold tracking-wide text-ink-soft ${form}`}
    >
      {initialsOf(name)}
    </span>
  );
}
