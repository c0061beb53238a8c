import { mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { decode, encode, type SourceMapSegment } from "@jridgewell/sourcemap-codec";
import { build, type Plugin } from "esbuild";

const root = path.resolve(import.meta.dirname, "..");

/** Local mode is a bundle of its own, loaded only outside production: the image does not have it. */
const localApart: Plugin = {
  name: "local-apart",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.\/local\/index\.ts$/ }, () => ({
      path: "../local/index.mjs",
      external: true,
    }));
  },
};

/** The sandbox reads files beside its sources, and still finds them. */
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
 * Writes each entry, a TypeScript file of this repository, as `build/<folder>/<its name>.mjs`, with all that it
 * imports: our sources, the packages, and the pages where it serves them. Entries of one call share files.
 * Exactly two folders deep: `server/http` looks for `build/client` from where it is.
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
    // Packages tell classes apart by their names.
    keepNames: true,
    // For `--enable-source-maps`: where an error was thrown, in our own files.
    sourcemap: true,
    sourcesContent: false,
    // The first is pg's other self and the second reads a graphile.config.ts: neither is used here.
    external: ["pg-native", "typescript"],
    plugins: [localApart, sandboxInPlace],
    // What is CommonJS in it asks for Node's own modules by this.
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`,
    },
    // Rollup names the packages whose loading a page's file waits for; they are in here anyway.
    logOverride: { "ignored-bare-import": "silent" },
  });
  mkdirSync(path.join(root, "build", folder), { recursive: true });
  for (const file of outputFiles) {
    writeFileSync(file.path, file.path.endsWith(".map") ? ownMap(file.text) : file.contents);
  }
}

/**
 * The map without what is not ours, the packages and the built pages. Node parses the map of a file for the first
 * stack trace that leads through it and keeps it: with the packages that takes 60 MB.
 */
function ownMap(text: string): string {
  const map = JSON.parse(text);
  const isOurs = map.sources.map((source: string) => !/\/(node_modules|build)\//.test(source));
  // The first segment that is not ours stays without a source: it ends the one before.
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
