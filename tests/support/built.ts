import { existsSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { bundle } from "../../image/bundle.ts";
import { changedAt } from "../../local/changed-at.ts";

const root = path.join(import.meta.dirname, "../..");
const sources = ["app", "server", "db", "migrations", "local", "sandbox/src", "image"];
/** Not what `architecture.test.ts` writes and removes meanwhile, nor the folders that it does so in. */
const isSource = (name: string) => /\.\w+$/.test(name) && !name.includes("bad-example");

/**
 * Node's arguments that start one of our processes from the bundle, as production does: `main`, `worker-main`, or
 * a command by the name of its file. Throws when the bundle is missing or older than what it was made of.
 */
export function built(name: string): string[] {
  const file = path.join(root, "build/node", `${name}.mjs`);
  if (!existsSync(file)) throw new Error(`${file} is missing: run npm run build`);
  const changed = sources.find(
    (folder) => changedAt(path.join(root, folder), isSource) > statSync(file).mtimeMs,
  );
  if (changed) throw new Error(`${changed}/ has changed since the bundle: run npm run build`);
  return ["--enable-source-maps", file];
}

const testsOwn = new Map<string, Promise<string>>();

/** The file that starts `tests/support/<name>.ts`, bundled as our processes are, once in each process of tests. */
export function builtForTests(name: string): Promise<string> {
  const known = testsOwn.get(name);
  if (known) return known;
  const folder = `${name}-${process.pid}`;
  const file = path.join(root, "build", folder, `${name}.mjs`);
  process.once("exit", () => rmSync(path.dirname(file), { recursive: true, force: true }));
  const bundled = bundle(folder, [`tests/support/${name}.ts`]).then(() => file);
  testsOwn.set(name, bundled);
  return bundled;
}
