import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { bundle } from "./bundle.ts";

/**
 * The last step of `npm run build`, after the pages. The image contains `build/node`; `build/local` is loaded
 * as well when the environment does not set everything.
 */
const root = path.resolve(import.meta.dirname, "..");
const commands = readdirSync(path.join(root, "server/commands"))
  // One writes the client's contract, in the repository; the other is shared by the commands.
  .filter((name) => name !== "contract.ts" && name !== "command.ts")
  .map((name) => `server/commands/${name}`);

// Deletes files of an earlier build, whose names contain a hash of their content, and those of killed tests.
// Vite removes its own.
const built = path.join(root, "build");
for (const folder of readdirSync(built)) {
  if (folder !== "client" && folder !== "server")
    rmSync(path.join(built, folder), { recursive: true, force: true });
}
await Promise.all([
  bundle("node", ["server/main.ts", "server/worker-main.ts", ...commands]),
  bundle("local", ["local/index.ts"]),
]);
