import { parseArgs } from "node:util";
import { runFailover } from "./run-failover.ts";
import { zerosOf } from "./zeros-of.ts";

/**
 * `npm run failover -- --connects 400 --seed N [--pooled] [--frozen 10]`: prints what must be zero, and the
 * responses. `--asynchronous` lets the standby lag, and is expected to fail.
 */
const { values } = parseArgs({
  options: {
    connects: { type: "string", default: "400" },
    nodes: { type: "string", default: "2" },
    seed: { type: "string", default: String(Date.now() % 100_000) },
    pooled: { type: "boolean", default: false },
    frozen: { type: "string", default: "0" },
    asynchronous: { type: "boolean", default: false },
  },
});
const [connects, nodes, seed] = [values.connects, values.nodes, values.seed].map(Number);
const frozen = Number(values.frozen);
const isSensible = Number.isSafeInteger(seed) && frozen >= 0 && frozen <= 60 && Number(nodes) <= 16;
if (!connects || !nodes || connects > 100_000 || !isSensible) {
  process.stderr.write(
    "Usage: npm run failover -- --connects 400 --nodes 2 --seed 1 [--pooled] [--frozen 10]\n",
  );
  process.exit(1);
}
const outcome = await runFailover({
  ...{ connects, nodes, seed: seed as number, isPooled: values.pooled, frozen },
  isSynchronous: !values.asynchronous,
});
const { books, syncs, responses, seconds } = outcome;
const zeros = Object.entries({
  ...zerosOf(outcome),
  "internal responses": responses.internal ?? 0,
});
const rows: [string, number | string][] = [
  ...Object.entries(responses).sort(([, a], [, b]) => b - a),
  ["", ""],
  ["Items connected", books.connected],
  ["webhooks", syncs?.webhooks ?? 0],
  ["transactions", syncs?.transactions ?? 0],
  ["", ""],
  ...zeros,
];
for (const [name, n] of rows) process.stdout.write(`${name.padEnd(28)}${String(n).padStart(8)}\n`);
process.stdout.write(`${seconds.toFixed(0)} s; again with --seed ${seed}\n`);
process.exit(zeros.some(([, n]) => n !== 0) ? 1 : 0);
