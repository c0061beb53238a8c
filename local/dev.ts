import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { changedAt } from "./changed-at.ts";

const root = path.join(import.meta.dirname, "..");
const built = path.join(root, "build/server/index.js");

/**
 * `npm run dev`, which `tsx watch` restarts at every change. Builds the pages if they or the contracts have
 * changed since the last build, and starts the app. If the build fails, the error is printed and the last
 * successful build is served.
 */
const sources = ["app", "server/contracts", "public"].map((folder) => path.join(root, folder));
const isStale =
  !existsSync(built) ||
  Math.max(...sources.map((folder) => changedAt(folder))) > statSync(built).mtimeMs;
if (isStale) {
  const { status } = spawnSync("npx", ["remix", "vite:build", "--logLevel", "warn"], {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (status !== 0 && !existsSync(built)) process.exit(1);
}
await import("../server/main.ts");
