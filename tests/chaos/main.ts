import { parseArgs } from "node:util";
import { runChaos } from "./run-chaos.ts";
import { zerosOf } from "./zeros-of.ts";

/**
 * `npm run chaos -- --connects 2000 --nodes 3 --seed N --longest-pause 60 [--jobs]`: prints what must be zero, and
 * the rest. A pause is in seconds, 0 for none.
 */
const { values } = parseArgs({
  options: {
    connects: { type: "string", default: "2000" },
    nodes: { type: "string", default: "3" },
    seed: { type: "string", default: String(Date.now() % 100_000) },
    jobs: { type: "boolean", default: false },
    "longest-pause": { type: "string", default: "60" },
  },
});
const [connects, nodes, seed] = [values.connects, values.nodes, values.seed].map(Number);
const longestPause = Number(values["longest-pause"]);
const isSensible =
  Number.isSafeInteger(seed) && longestPause >= 0 && longestPause <= 60 && Number(nodes) <= 16;
if (!connects || !nodes || connects > 100_000 || !isSensible) {
  process.stderr.write(
    "Usage: npm run chaos -- --connects 2000 --nodes 3 --seed 1 --longest-pause 60 [--jobs]\n",
  );
  process.exit(1);
}
const chaos = { connects, nodes, seed: seed as number, longestPause, takeJobs: values.jobs };
process.stdout.write(`${connects} connects, ${nodes} nodes, seed ${seed}\n`);
const outcome = await runChaos(chaos);
const { books, syncs, responses, kills, restarts, pauses, redisOutages, seconds } = outcome;
const zeros = Object.entries(zerosOf(outcome));
const rows: [string, number | string][] = [
  ...Object.entries(responses).sort(([, a], [, b]) => b - a),
  ["", ""],
  ["nodes killed", kills],
  ["nodes paused", pauses],
  ["PostgreSQL restarts", restarts],
  ["Redis gone or hanging", redisOutages],
  ["Items connected", books.connected],
  ["webhooks", syncs?.webhooks ?? 0],
  ["transactions", syncs?.transactions ?? 0],
  ["", ""],
  ...zeros,
];
for (const [name, n] of rows) process.stdout.write(`${name.padEnd(28)}${String(n).padStart(8)}\n`);
process.stdout.write(`${seconds.toFixed(0)} s; again with --seed ${seed}\n`);
process.exit(zeros.some(([, n]) => n !== 0) ? 1 : 0);
