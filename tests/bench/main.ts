import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { benchAttack } from "./attack.ts";
import { benchBursts } from "./bursts.ts";
import { benchClient } from "./client.ts";
import { benchConnect } from "./connect.ts";
import { benchDashboard } from "./dashboard.ts";
import type { Figure } from "./figure.ts";
import { benchGrowth } from "./growth.ts";
import { benchInteraction } from "./interaction.ts";
import { benchLive } from "./live.ts";
import { machineSpeed } from "./machine.ts";
import { benchPeer } from "./peer.ts";
import { benchReads } from "./reads.ts";
import { benchReconciliation } from "./reconciliation.ts";
import { line, type MeasuredPart, writeReport } from "./report.ts";
import { benchSandbox } from "./sandbox.ts";
import { benchSlowPlaid } from "./slow-plaid.ts";
import { benchSync } from "./sync.ts";
import { benchSyncJobs } from "./sync-jobs.ts";
import { benchWebhooks } from "./webhooks.ts";
import { startWorld, type World } from "./world.ts";

/** The parts in their order. They run one after the other, so that none slows another. */
const parts: Record<string, (world: World) => AsyncGenerator<Figure>> = {
  sandbox: benchSandbox,
  connect: benchConnect,
  bursts: benchBursts,
  "slow-plaid": benchSlowPlaid,
  reads: benchReads,
  live: benchLive,
  webhooks: benchWebhooks,
  client: benchClient,
  dashboard: benchDashboard,
  interaction: benchInteraction,
  sync: benchSync,
  "sync-jobs": benchSyncJobs,
  reconciliation: benchReconciliation,
  attack: benchAttack,
  growth: benchGrowth,
};

/**
 * `npm run bench`: every figure, into `docs/benchmarks.md`. `npm run bench -- reads live`: only these, which are
 * printed; with `--write` they replace their parts of the file. `--peer <folder of Pattern>`: only the comparison
 * with it.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: "boolean", default: false }, peer: { type: "string" } },
});
const { peer } = values;
if (peer !== undefined) {
  parts.peer = (world) => benchPeer(world, peer);
  positionals.push("peer");
}
const unknown = positionals.filter((name) => !(name in parts));
if (unknown.length > 0) throw new Error(`${unknown}: there are ${Object.keys(parts).join(", ")}`);
const isChosen = (name: string) => positionals.length === 0 || positionals.includes(name);

// Flush what the build has just written, because the first measured commits would wait for it.
execFileSync("sync");
const measured: Record<string, MeasuredPart> = {};
const world = await startWorld();
try {
  for (const [name, bench] of Object.entries(parts).filter(([name]) => isChosen(name))) {
    const [at, started] = [new Date(), performance.now()];
    const figures: Figure[] = [];
    const speed = machineSpeed();
    try {
      for await (const figure of bench(world)) {
        figures.push(figure);
        process.stdout.write(`${line(figure)}\n`);
      }
      measured[name] = { at, speed, seconds: (performance.now() - started) / 1000, figures };
    } catch (error) {
      // The other parts still count.
      process.stderr.write(`${name} was not measured: ${(error as Error).stack}\n`);
      process.exitCode = 1;
    }
  }
} finally {
  await world.close();
}
if (positionals.length === 0 || values.write)
  writeReport([...new Set([...Object.keys(parts), "peer"])], measured);
process.exit();
