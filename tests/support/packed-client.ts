import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { changedAt } from "../../local/changed-at.ts";

const root = path.join(import.meta.dirname, "../..");
export const run = promisify(execFile);

interface Manifest {
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

/**
 * Creates an empty strict TypeScript project with the packed client, and otherwise only what the client
 * declares. It equals the result of `npm install <tarball>` without the registry: the declared packages are
 * copied from this repository, in the versions of its lock file.
 */
export async function packedClientProject(): Promise<{
  folder: string;
  write(files: Record<string, string>): void;
  /**
   * Writes files and type-checks the project. Rejects with tsc's output when there are errors. `libraries`:
   * also checks the declarations of packages. `node`: with the types that a Node program has.
   */
  check(
    files: Record<string, string>,
    options?: { libraries?: boolean; node?: boolean },
  ): Promise<void>;
  /** Copies packages of this repository into the project, with their dependencies. */
  install(...names: string[]): void;
  remove(): void;
}> {
  const folder = mkdtempSync(path.join(tmpdir(), "fiscility-client-"));
  const modules = path.join(folder, "node_modules");
  const installed = path.join(modules, "@fiscility/client");
  mkdirSync(installed, { recursive: true });
  // The result of `prepack` exists: `npm test` builds it once.
  requireBuilt();
  const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const { stdout } = await run("npm", pack, { cwd: path.join(root, "client") });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  await run("tar", ["-xzf", filename, "-C", installed, "--strip-components=1"], { cwd: folder });

  const copied = new Set(["typescript"]);
  const copyDeclared = (manifest: Manifest) => {
    for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
      if (copied.has(name) || manifest.peerDependenciesMeta?.[name]?.optional) continue;
      copied.add(name);
      const from = path.join(root, "node_modules", name);
      cpSync(from, path.join(modules, name), { recursive: true });
      copyDeclared(readManifest(from));
    }
  };
  copyDeclared(readManifest(installed));
  const write = (files: Record<string, string>) => {
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(path.join(folder, name), content);
    }
  };
  write({
    "package.json": JSON.stringify({ name: "consumer", type: "module" }),
    "tsconfig.json": JSON.stringify({
      compilerOptions: {
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        module: "NodeNext",
        target: "ES2022",
        types: [],
        noEmit: true,
      },
    }),
  });
  return {
    folder,
    write,
    async check(files, { libraries = false, node = false } = {}) {
      write(files);
      if (node) copyDeclared({ dependencies: { "@types/node": "*" } });
      const tsc = path.join(root, "node_modules/typescript/bin/tsc");
      // TypeScript's own declarations are not ours to check.
      const declarations = ["--skipLibCheck", String(!libraries), "--skipDefaultLibCheck"];
      const options = [...declarations, ...(node ? ["--types", "node"] : [])];
      await run(process.execPath, [tsc, "-p", folder, ...options]).catch(
        (error: { stdout: string }) => {
          throw new Error(error.stdout);
        },
      );
    },
    install: (...names) =>
      copyDeclared({ dependencies: Object.fromEntries(names.map((name) => [name, "*"])) }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** @throws when the client is not built, or is older than its sources */
function requireBuilt(): void {
  const built = path.join(root, "client/dist/index.mjs");
  if (!existsSync(built)) throw new Error("The client is not built: run npm run build:client");
  const isSource = (name: string) => /\.\w+$/.test(name) && !name.includes("bad-example");
  for (const folder of ["client/src", "server/contracts"]) {
    if (changedAt(path.join(root, folder), isSource) > statSync(built).mtimeMs) {
      throw new Error(
        `${folder}/ has changed since the client was built: run npm run build:client`,
      );
    }
  }
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as Manifest;
}
