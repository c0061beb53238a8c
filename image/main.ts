import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { bundle } from "./bundle.ts";

/**
 * The last step of `npm run build`, after the pages: `build/node` is what the image has, and `build/local` what is
 * loaded beside it where the environment does not name everything.
 */
const root = path.resolve(import.meta.dirname, "..");
const commands = readdirSync(path.join(root, "server/commands"))
  // Writes the client's contract, in the repository; and what the commands share.
  .filter((name) => name !== "contract.ts" && name !== "command.ts")
  .map((name) => `server/commands/${name}`);

// Files of an earlier build would stay, as their names have a hash of what is in them; and those of tests that were
// killed. The others are Vite's, which removes its own.
const built = path.join(root, "build");
for (const folder of readdirSync(built)) {
  if (folder !== "client" && folder !== "server")
    rmSync(path.join(built, folder), { recursive: true, force: true });
}
await Promise.all([
  bundle("node", ["server/main.ts", "server/worker-main.ts", ...commands]),
  bundle("local", ["local/index.ts"]),
]);
