import { mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { decode, encode, type SourceMapSegment } from "@jridgewell/sourcemap-codec";
import { build, type Plugin } from "esbuild";

const root = path.resolve(import.meta.dirname, "..");

/** Local mode is a separate bundle, loaded only outside production. The image does not contain it. */
const localApart: Plugin = {
  name: "local-apart",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.\/local\/index\.ts$/ }, () => ({
      path: "../local/index.mjs",
      external: true,
    }));
  },
};

/** The sandbox reads files next to its sources, and this lets the bundle find them. */
const sandboxInPlace: Plugin = {
  name: "sandbox-in-place",
  setup({ onLoad, initialOptions }) {
    onLoad({ filter: /[\\/]sandbox[\\/]src[\\/].*\.ts$/ }, async ({ path: file }) => {
      const text = await readFile(file, "utf8");
      const place = JSON.stringify(path.relative(initialOptions.outdir as string, file));
      const contents = text.replaceAll("import.meta.url", `new URL(${place}, import.meta.url)`);
      return { contents, loader: "ts" };
    });
  },
};

/**
 * Writes each entry, a TypeScript file of this repository, as `build/<folder>/<its name>.mjs`, bundled with
 * all it imports: our sources, packages, and the pages if it serves them. Entries of one call share files.
 * The output must be exactly two folders deep, because `server/http` looks for `build/client` relative to
 * itself.
 */
export async function bundle(folder: string, entries: string[]): Promise<void> {
  const { outputFiles } = await build({
    write: false,
    absWorkingDir: root,
    entryPoints: entries,
    outdir: path.join(root, "build", folder),
    entryNames: "[name]",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    // A process keeps the text of what it has loaded: smaller files save 30 MB of its memory.
    minifySyntax: true,
    minifyWhitespace: true,
    // Node prints the line that an uncaught error comes from.
    lineLimit: 200,
    // Packages distinguish classes by their names.
    keepNames: true,
    // For `--enable-source-maps`: errors show the location in our own files.
    sourcemap: true,
    sourcesContent: false,
    // The first is pg's native variant, and the second reads a graphile.config.ts: neither is used here.
    external: ["pg-native", "typescript"],
    plugins: [localApart, sandboxInPlace],
    // CommonJS packages need this to load Node's own modules.
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`,
    },
    // Rollup lists the packages that a page's file loads; they are in the bundle anyway.
    logOverride: { "ignored-bare-import": "silent" },
  });
  mkdirSync(path.join(root, "build", folder), { recursive: true });
  for (const file of outputFiles) {
    writeFileSync(file.path, file.path.endsWith(".map") ? ownMap(file.text) : file.contents);
  }
}

/**
 * Removes the packages and the built pages from the source map. Node parses a file's map for the first stack
 * trace through it and keeps it: with the packages that takes 60 MB.
 */
function ownMap(text: string): string {
  const map = JSON.parse(text);
  const isOurs = map.sources.map((source: string) => !/\/(node_modules|build)\//.test(source));
  // The first segment that is not ours stays, without a source, because it ends the one before.
  let wasOurs = true;
  const lines = decode(map.mappings).map((line) =>
    line.flatMap((segment): SourceMapSegment[] => {
      const ended = wasOurs;
      wasOurs = segment.length > 1 && isOurs[segment[1] as number];
      if (wasOurs) return [segment];
      return ended ? [[segment[0]]] : [];
    }),
  );
  return JSON.stringify({ ...map, mappings: encode(lines) });
}
