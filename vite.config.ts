import { vitePlugin as remix, type VitePluginConfig } from "@remix-run/dev";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig, type Plugin } from "vite";
import { compression } from "vite-plugin-compression2";
import remixOptions from "./remix.config.js";

/** Files with at least as many bytes are compressed, as pages are (about the default of `compression`). */
const threshold = 1_000;

/**
 * Nearly all of React's functions are called as soon as a page is loaded. This tells Chromium to compile
 * all of them during the download, on another thread, instead of each on its first call
 * (https://v8.dev/blog/explicit-compile-hints). For other browsers it is only a comment.
 */
const compiledAhead: Plugin = {
  name: "compiled-ahead",
  renderChunk: {
    // After the minifier, because that removes comments.
    order: "post",
    handler: (code, { moduleIds }) =>
      moduleIds.some((id) => id.includes("/react-dom/"))
        ? { code: `//# allFunctionsCalledOnLoad\n${code}`, map: null }
        : null,
  },
};

/** The file of a module that only some pages need; undefined leaves it to Rollup. */
function chunkOf(id: string): string | undefined {
  if (/@simplewebauthn\/|\/app\/auth\/passkeys\.ts/.test(id)) return "passkey-library";
  // Small, and imported by every page: by default, Rollup merges them with files of single pages.
  if (/\/app\/((text|trpc|failure|store)\.ts|connect\/(when-idle|account-news)\.ts)$/.test(id))
    return "base";
  // The messages of all reasons. The dashboard does not load them: it gets its messages from the server.
  if (/\/server\/contracts\/(errors|bank-reasons)\.ts$/.test(id)) return "reasons";
  const [, folder] = /\/app\/(auth|second-step)\/words\.ts/.exec(id) ?? [];
  return folder && `words-${folder}`;
}

/** Builds the pages, with these options of Remix. */
export const buildPages = (options: VitePluginConfig) =>
  defineConfig(({ isSsrBuild }) => ({
    plugins: [
      tailwindcss(),
      remix(options),
      // At build time, as small as possible, instead of on each request.
      isSsrBuild ? null : compression({ threshold, algorithms: ["brotliCompress", "gzip"] }),
      isSsrBuild ? null : compiledAhead,
    ],
    // When React is loaded, NODE_ENV selects its production or its development build. Set here, it is always
    // the production build, however the server is started.
    define: { "process.env.NODE_ENV": '"production"' },
    // Once per file, because every icon contains the same license.
    esbuild: { legalComments: "eof" },
    build: {
      // The first versions with the popover of the menus (https://caniuse.com/mdn-api_htmlelement_popover), above what
      // the styles need (https://tailwindcss.com/docs/compatibility).
      target: ["chrome114", "edge114", "firefox128", "safari17"],
      // It converts `light-dark()` to what these browsers support; esbuild does not.
      cssMinify: "lightningcss",
      rollupOptions: {
        // In bytes. Smaller files are merged: a page then loads a third fewer files, and they compress better.
        output: {
          experimentalMinChunkSize: 1_500,
          // Separate files: merged with others, they would be loaded by pages that need neither.
          ...(!isSsrBuild && { manualChunks: chunkOf }),
        },
        // Removes statements that only read a property. Every icon's module has one, which would prevent small
        // files from being merged. (It would remove `element.offsetHeight;` too; no code has that.)
        treeshake: { propertyReadSideEffects: isSsrBuild },
      },
    },
    ssr: {
      // Bundles all packages that import React, so that there is only one copy of React.
      noExternal: [/react/, /radix-ui/, "sonner"],
    },
  }));

export default buildPages(remixOptions);
