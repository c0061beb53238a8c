import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { benchAttack } from "./attack.ts";
import { benchBursts } from "./bursts.ts";
import { benchClient } from "./client.ts";
import { benchConnect } from "./connect.ts";
import { benchDashboard } from "./dashboard.ts";
import type { Figure } from "./figure.ts";
import { benchGrowth } from "./growth.ts";
import { benchInteraction } from "./interaction.ts";
import { benchLive } from "./live.ts";
import { benchReads } from "./reads.ts";
import { benchReconciliation } from "./reconciliation.ts";
import { line, report } from "./report.ts";
import { benchSandbox } from "./sandbox.ts";
import { benchSlowPlaid } from "./slow-plaid.ts";
import { benchSync } from "./sync.ts";
import { benchSyncJobs } from "./sync-jobs.ts";
import { benchWebhooks } from "./webhooks.ts";
import { startWorld, type World } from "./world.ts";

/** In this order, each alone: what one leaves behind is in nobody's way. */
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

/** `npm run bench`: every figure, into `docs/benchmarks.md`; `npm run bench -- reads live`: these alone. */
const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in parts));
if (unknown.length > 0) throw new Error(`${unknown}: there are ${Object.keys(parts).join(", ")}`);

// What the build has just written would stand before the first commits that are measured.
execFileSync("sync");
const started = performance.now();
const figures: Figure[] = [];
const world = await startWorld();
try {
  for (const [name, bench] of Object.entries(parts)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    for await (const figure of bench(world)) {
      figures.push(figure);
      process.stdout.write(`${line(figure)}\n`);
    }
  }
} finally {
  await world.close();
}
if (chosen.length === 0) {
  const file = path.join(import.meta.dirname, "../../docs/benchmarks.md");
  writeFileSync(file, report(figures, (performance.now() - started) / 1000));
  // As the linter wants it: the file is kept.
  execFileSync("npx", ["biome", "format", "--write", file]);
}
process.exit(0);
