import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { bundle } from "../../image/bundle.ts";
import { changedAt } from "../../local/changed-at.ts";
import { until } from "./until.ts";

const root = path.join(import.meta.dirname, "../..");
const sources = ["app", "server", "db", "migrations", "local", "sandbox/src", "image"];
/** Excludes the files and folders that `architecture.test.ts` writes and removes during the run. */
const isSource = (name: string) => /\.\w+$/.test(name) && !name.includes("bad-example");

/**
 * Returns Node's arguments to start one of our processes from the bundle, as in production: `main`,
 * `worker-main`, or a command by its file name. Throws when the bundle is missing or older than its sources.
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

/**
 * Returns the file that starts `tests/support/<name>.ts`, bundled like our processes, once in each run of Vitest
 * or of another program.
 */
export function builtForTests(name: string): Promise<string> {
  const known = testsOwn.get(name);
  if (known) return known;
  const bundled = bundleOnce(name).catch((error) => {
    testsOwn.delete(name);
    throw error;
  });
  testsOwn.set(name, bundled);
  return bundled;
}

async function bundleOnce(name: string): Promise<string> {
  const { TEST_RUN } = process.env;
  const folder = `${name}-${TEST_RUN ?? process.pid}`;
  const place = path.join(root, "build", folder);
  const [file, whole] = [path.join(place, `${name}.mjs`), path.join(place, "whole")];
  try {
    mkdirSync(place);
  } catch {
    // Another worker of this run bundles it.
    await until(() => existsSync(whole), 120);
    return file;
  }
  if (!TEST_RUN) process.once("exit", () => rmSync(place, { recursive: true, force: true }));
  await bundle(folder, [`tests/support/${name}.ts`]);
  writeFileSync(whole, "");
  return file;
}
