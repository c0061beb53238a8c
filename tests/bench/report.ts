import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import path from "node:path";
import { digits, type Figure, isMet } from "./figure.ts";
import type { MachineSpeed } from "./machine.ts";
import { liftedQuotas } from "./node-process.ts";

const shown = ({ value, unit }: Figure) =>
  unit === "x" ? `${value.toFixed(2)}x` : `${digits(value)} ${unit}`.trim();

const goalOf = ({ goal, unit }: Figure) => {
  if (goal === null) return "";
  const after = unit === "x" ? "x" : ` ${unit}`;
  return "atMost" in goal ? `≤ ${goal.atMost}${after}` : `≥ ${goal.atLeast}${after}`;
};

/** A figure as text, printed as soon as it is known. */
export function line(figure: Figure): string {
  const sides = [figure.ours, figure.floor].filter(Boolean).join(" / ");
  const goal = figure.goal ? `, goal ${goalOf(figure)}${isMet(figure) ? "" : ": MISSED"}` : "";
  const rest = [sides, figure.note].filter(Boolean).join("; ");
  return `${figure.name}: ${shown(figure)}${goal}${rest ? `\n    ${rest}` : ""}`;
}

/** Goals that measured other work than ours, each with the reason. They are no longer run. */
const retired = [
  "`accounts.list` ≥ 0.7x of a server that asks nobody who they are: asking PostgreSQL who calls, in every request, is the work (I5); the goal against a server with the same log-in stays.",
  "The dashboard ≥ 0.6x of the log-in page: React renders 25 accounts and two charts where that page has a form; the goal against the same page with nothing to load stays.",
  "A first sync ≥ 20x one upsert a row: it measured how long this disk takes for a commit; the goal against `COPY` stays.",
];

/** The figures of one part, with when and on what machine they were measured. */
export interface MeasuredPart {
  at: Date | string;
  speed: MachineSpeed;
  seconds: number;
  figures: Figure[];
}

const docs = path.join(import.meta.dirname, "../../docs");

/** Replaces these parts in `docs/benchmarks.json`, and writes `docs/benchmarks.md` from all of it. */
export function writeReport(
  names: readonly string[],
  measured: Record<string, MeasuredPart>,
): void {
  const [data, page] = [path.join(docs, "benchmarks.json"), path.join(docs, "benchmarks.md")];
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  const now = Object.entries(measured).map(([name, part]) => [name, { ...part, commit }]);
  const known = existsSync(data) ? JSON.parse(readFileSync(data, "utf8")) : {};
  const all: Parts = { ...known, ...Object.fromEntries(now) };
  const kept = names.filter((name) => name in all).map((name) => [name, all[name]]);
  writeFileSync(data, JSON.stringify(Object.fromEntries(kept), null, 2));
  writeFileSync(page, report(Object.fromEntries(kept)));
  // Format them for the linter, because they are committed.
  execFileSync("npx", ["biome", "format", "--write", data, page]);
}

type Parts = Record<string, MeasuredPart & { commit: string }>;

/** `docs/benchmarks.md`: every figure, and the misses with what bounds them. */
function report(parts: Parts): string {
  const figures = Object.values(parts).flatMap((part) => part.figures);
  const misses = figures.filter((figure) => !isMet(figure));
  const [processor] = cpus();
  const cells = (row: string[]) =>
    `| ${row.map((cell) => cell.replaceAll("|", "/")).join(" | ")} |`;
  return `${[
    "# Benchmarks",
    "Written by `npm run bench`, which measures everything on 127.0.0.1 alone; `npm run bench -- --write reads` measures a part again. A ratio compares two things that are measured alternately on the same machine, ours first. Each side has its median and, in brackets, the range of the middle half of its values.",
    `A benchmark user sends far more than a real one. So the servers have no limit on ${liftedQuotas}, except in the figures "under attack", which have every limit of the product.`,
    `${figures.filter((figure) => figure.goal).length} goals, ${misses.length} missed. Measured on ${cpus().length} x ${processor?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.versions.node}, ${process.platform}, a virtual machine whose host changes its speed within minutes. So each part says how quick it was: how long one password hash (N=2^15, r=8, p=3) took, and how much of a busy loop's time went to others.`,
    [
      cells(["part", "measured, UTC", "commit", "seconds", "one hash", "lost"]),
      cells(Array(6).fill("---")),
      ...Object.entries(parts).map(([name, { at, commit, seconds, speed }]) =>
        cells([
          name,
          new Date(at).toISOString().slice(0, 16).replace("T", " "),
          commit,
          seconds.toFixed(0),
          `${digits(speed.hashMs)} ms`,
          `${(speed.lost * 100).toFixed(1)}%`,
        ]),
      ),
    ].join("\n"),
    [
      cells(["what", "goal", "measured", "ours", "floor", ""]),
      cells(Array(6).fill("---")),
      ...figures.map((figure) =>
        cells([
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
