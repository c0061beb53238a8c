import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { digits, type Figure, isMet } from "./figure.ts";
import { liftedQuotas } from "./node-process.ts";

const shown = ({ value, unit }: Figure) =>
  unit === "x" ? `${value.toFixed(2)}x` : `${digits(value)} ${unit}`.trim();

const goalOf = ({ goal, unit }: Figure) => {
  if (goal === null) return "";
  const after = unit === "x" ? "x" : ` ${unit}`;
  return "atMost" in goal ? `≤ ${goal.atMost}${after}` : `≥ ${goal.atLeast}${after}`;
};

/** A figure as soon as it is known, for who watches. */
export function line(figure: Figure): string {
  const sides = [figure.ours, figure.floor].filter(Boolean).join(" / ");
  const goal = figure.goal ? `, goal ${goalOf(figure)}${isMet(figure) ? "" : ": MISSED"}` : "";
  const rest = [sides, figure.note].filter(Boolean).join("; ");
  return `${figure.issue}  ${figure.name}: ${shown(figure)}${goal}${rest ? `\n     ${rest}` : ""}`;
}

/** Goals that measured other work than ours, with why: they are no longer run. */
const retired = [
  "`accounts.list` ≥ 0.7x of a server that asks nobody who they are: asking PostgreSQL who calls, in every request, is the work (I5); the goal against a server with the same log-in stays.",
  "The dashboard ≥ 0.6x of the log-in page: React renders 25 accounts and two charts where that page has a form; the goal against the same page with nothing to load stays.",
  "A first sync ≥ 20x one upsert a row: it measured how long this disk takes for a commit; the goal against `COPY` stays.",
];

/** `docs/benchmarks.md`: every figure of one run, the misses with what bounds them. */
export function report(figures: readonly Figure[], seconds: number): string {
  const misses = figures.filter((figure) => !isMet(figure));
  const [processor] = cpus();
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  const cells = (row: string[]) =>
    `| ${row.map((cell) => cell.replaceAll("|", "/")).join(" | ")} |`;
  return `${[
    "# Benchmarks",
    "Written by `npm run bench`, which measures everything in one run, on 127.0.0.1 alone. A ratio compares two things that are measured alternately on the same machine, ours first. Each side has its median and, in brackets, the range of the middle half of its values.",
    `One user stands for many. So the servers have no limit on ${liftedQuotas}, except in the figures "under attack", which have every limit of the product.`,
    [
      `- ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC, commit ${commit}, ${Math.round(seconds)} s`,
      `- ${cpus().length} x ${processor?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.versions.node}, ${process.platform}`,
      `- ${figures.filter((figure) => figure.goal).length} goals, ${misses.length} missed`,
    ].join("\n"),
    [
      cells(["", "what", "goal", "measured", "ours", "floor", ""]),
      cells(Array(7).fill("---")),
      ...figures.map((figure) =>
        cells([
          figure.issue,
          figure.name,
          goalOf(figure),
          shown(figure),
          figure.ours ?? "",
          figure.floor ?? "",
          figure.goal === null ? "" : isMet(figure) ? "met" : "**missed**",
        ]),
      ),
    ].join("\n"),
    ...(misses.length > 0 ? ["## Missed, and what bounds them"] : []),
    misses
      .map(
        (figure) => `- **${figure.name}**, ${shown(figure)}: ${figure.bound ?? "not yet known."}`,
      )
      .join("\n"),
    "## Retired goals",
    retired.map((line) => `- ${line}`).join("\n"),
    "## How to read them",
    figures
      .filter(({ note }) => note)
      .map(({ name, note }) => `- ${name}: ${note}`)
      .join("\n"),
  ]
    .filter(Boolean)
    .join("\n\n")}\n`;
}
