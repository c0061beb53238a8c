import { parseArgs } from "node:util";
import { runChaos } from "./run-chaos.ts";

/** `npm run chaos -- --connects 2000 --nodes 3 --seed N`: prints what must be zero, and the rest. */
const { values } = parseArgs({
  options: {
    connects: { type: "string", default: "2000" },
    nodes: { type: "string", default: "3" },
    seed: { type: "string", default: String(Date.now() % 100_000) },
  },
});
const [connects, nodes, seed] = [values.connects, values.nodes, values.seed].map(Number);
if (!connects || !nodes || !Number.isSafeInteger(seed) || connects > 100_000 || nodes > 16) {
  process.stderr.write("Usage: npm run chaos -- --connects 2000 --nodes 3 --seed 1\n");
  process.exit(1);
}
const chaos = { connects, nodes, seed: seed as number };
process.stdout.write(`${connects} connects, ${nodes} nodes, seed ${seed}\n`);
const { books, answers, kills, restarts, redisOutages, staleReads, left, seconds } =
  await runChaos(chaos);
const zero = ["orphans", "duplicates", "overdrafts", "partial", "unfinished", "lost"] as const;
const rows: [string, number | string][] = [
  ...Object.entries(answers).sort(([, a], [, b]) => b - a),
  ["", ""],
  ["nodes killed", kills],
  ["PostgreSQL restarts", restarts],
  ["Redis gone or hanging", redisOutages],
  ["Items connected", books.connected],
  ["", ""],
  ...zero.map((name): [string, number] => [name, books[name]]),
  ["left at Plaid", left],
  ["stale reads", staleReads],
];
for (const [name, n] of rows) process.stdout.write(`${name.padEnd(28)}${String(n).padStart(8)}\n`);
process.stdout.write(`${seconds.toFixed(0)} s; again with --seed ${seed}\n`);
process.exit(staleReads + left > 0 || zero.some((name) => books[name] !== 0) ? 1 : 0);
