import { readFile, writeFile } from "node:fs/promises";
import { defineConfig } from "tsdown";

const DIST = "dist";

/** The manifest of `dist/`: this workspace's, with compiled files instead of sources. */
async function writeManifest(): Promise<void> {
  const manifest = JSON.parse(await readFile("package.json", "utf8"));
  const { name, version, description, keywords, license, engines, dependencies } = manifest;
  const published = {
    ...{ name, version, description, keywords, license, engines },
    type: "module",
    bin: { "plaid-sandbox": "src/main.mjs" },
    exports: {
      ".": { types: "./src/index.d.mts", default: "./src/index.mjs" },
      "./playwright": { types: "./playwright.d.mts", default: "./playwright.mjs" },
      "./point": "./point.cjs",
      "./package.json": "./package.json",
    },
    dependencies,
  };
  await writeFile(`${DIST}/package.json`, `${JSON.stringify(published, null, 2)}\n`);
}

/** The package that `npx @fiscility/plaid-sandbox` runs: `dist/` is all of it. */
export default defineConfig({
  entry: ["src/index.ts", "src/main.ts", "playwright.ts"],
  outDir: DIST,
  format: "esm",
  platform: "node",
  target: "node20.19",
  // One file for each source file, so that relative paths to other files stay valid.
  unbundle: true,
  dts: true,
  logLevel: "warn",
  copy: [
    ...["LICENSE", "README.md", "point.cjs", "openapi"],
    { from: "src/link/browser", to: `${DIST}/src/link` },
  ],
  onSuccess: writeManifest,
});
