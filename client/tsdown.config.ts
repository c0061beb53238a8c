import { defineConfig, type UserConfig } from "tsdown";

const common: UserConfig = {
  entry: ["src/index.ts"],
  target: "es2022",
  logLevel: "warn",
  clean: false,
  outExtensions: ({ format }) =>
    format === "cjs" ? { js: ".cjs" } : { js: ".mjs", dts: ".d.mts" },
};

/**
 * The router's type is what the client completes on, and it names the server's context: services,
 * database, SDKs. None of that may reach the published types, so here the context is nothing.
 */
const withoutTheServer = {
  name: "without-the-server",
  load: {
    order: "pre" as const,
    handler: (id: string) =>
      id.endsWith("/server/api/context.d.ts") ? "export interface Context {}" : null,
  },
};

/** Descriptions are for editors and for OpenAPI: a browser need not load them. */
const withoutDescriptions = {
  name: "without-descriptions",
  transform: {
    order: "pre" as const,
    filter: { id: /\/server\/contracts\/[\w-]+\.ts$/ },
    handler: (code: string) => code.replace(/\.describe\(\s*(["`])(?:(?!\1).)*\1,?\s*\)/gs, ""),
  },
};

export default defineConfig([
  {
    ...common,
    format: ["esm", "cjs"],
    platform: "neutral",
    dts: false,
    plugins: [withoutDescriptions],
  },
  {
    ...common,
    format: "esm",
    // The types are read off the server's own files, which belong on Node.
    platform: "node",
    dts: { emitDtsOnly: true },
    plugins: [withoutTheServer],
    onSuccess: "node --import tsx document-types.ts",
  },
  {
    ...common,
    entry: ["src/webhooks.ts"],
    format: ["esm", "cjs"],
    platform: "neutral",
    // A receiver of webhooks installs nothing else; the package has no `module`.
    inputOptions: { resolve: { mainFields: ["module", "main"] } },
    dts: true,
    outExtensions: ({ format }) =>
      format === "cjs" ? { js: ".cjs", dts: ".d.cts" } : { js: ".mjs", dts: ".d.mts" },
  },
]);
