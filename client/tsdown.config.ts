import { defineConfig } from "tsdown";

/** Descriptions are for editors and for OpenAPI; a browser need not load them. */
const withoutDescriptions = {
  name: "without-descriptions",
  transform: {
    order: "pre" as const,
    filter: { id: /\/server\/contracts\/[\w-]+\.ts$/ },
    handler: (code: string) => code.replace(/\.describe\(\s*(["`])(?:(?!\1).)*\1,?\s*\)/gs, ""),
  },
};

/**
 * Packages that are only development dependencies, above all tRPC, are bundled, so nothing else is installed.
 */
export default defineConfig({
  entry: ["index", "schemas", "testing", "sandbox", "react", "webhooks"].map(
    (name) => `src/${name}.ts`,
  ),
  format: ["esm", "cjs"],
  platform: "neutral",
  // The package standardwebhooks has no `module`.
  inputOptions: { resolve: { mainFields: ["module", "main"] } },
  target: "es2022",
  dts: true,
  logLevel: "warn",
  plugins: [withoutDescriptions],
  outExtensions: ({ format }) =>
    format === "cjs" ? { js: ".cjs", dts: ".d.cts" } : { js: ".mjs", dts: ".d.mts" },
});
