import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { nodeFileTrace } from "@vercel/nft";
import { transform } from "esbuild";

/**
 * `node image/collect.ts <folder>`, by the Dockerfile: copies what production imports, and no other file
 * of the packages that it comes from. Nothing is bundled or rewritten: what tests have run is what is copied.
 */
const root = path.resolve(import.meta.dirname, "..");
const [folder] = process.argv.slice(2);
if (!folder) throw new Error("node image/collect.ts <folder>");

const commands = readdirSync(path.join(root, "server/commands"))
  // Writes the client's contract, in the repository.
  .filter((name) => name !== "contract.ts")
  .map((name) => `server/commands/${name}`);
const entries = ["server/main.ts", "server/worker-main.ts", "build/server/index.js", ...commands];

const { fileList } = await nodeFileTrace(
  entries.map((entry) => path.join(root, entry)),
  {
    base: root,
    // Local mode, which production does not load; and what reads a graphile.config.ts, which there is not.
    ignore: ["local/**", "sandbox/**", "node_modules/@fiscility/**", "node_modules/typescript/**"],
    // Only what is imported: a path that code puts together may point at any folder.
    analysis: { computeFileReferences: false },
    async readFile(file) {
      // Not a file, as one of the names it tries often is not.
      const text = await readFile(file, "utf8").catch(() => null);
      if (text === null || !file.endsWith(".ts")) return text;
      return (await transform(text, { loader: "ts" })).code;
    },
  },
);
for (const file of fileList) {
  const target = path.join(folder, file);
  mkdirSync(path.dirname(target), { recursive: true });
  copyFileSync(path.join(root, file), target);
}
