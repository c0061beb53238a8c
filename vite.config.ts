import { vitePlugin as remix, type VitePluginConfig } from "@remix-run/dev";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig, type Plugin } from "vite";
import { compression } from "vite-plugin-compression2";
import remixOptions from "./remix.config.js";

/** Bytes from which a file is compressed, here and where answers are (`compression`'s own). */
const threshold = 1_000;

/**
 * React itself is called from end to end as soon as a page is there. This tells Chromium to compile all
 * of it while it comes, on another thread, and not each function when it is first called
 * (https://v8.dev/blog/explicit-compile-hints); other browsers read it as the comment it is.
 */
const compiledAhead: Plugin = {
  name: "compiled-ahead",
  renderChunk: {
    // After what makes code small, which takes comments away.
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
  // Small, and asked for by every page: left alone, Rollup joins them with pages that have little else.
  if (/\/app\/((text|trpc|failure|store)\.ts|connect\/(when-idle|account-news)\.ts)$/.test(id))
    return "base";
  // The words of every refusal: the dashboard has those of its own from the server.
  if (/\/server\/contracts\/(errors|bank-reasons)\.ts$/.test(id)) return "reasons";
  const [, folder] = /\/app\/(auth|second-step)\/words\.ts/.exec(id) ?? [];
  return folder && `words-${folder}`;
}

/** How the pages are built, with Remix's own options. */
export const buildPages = (options: VitePluginConfig) =>
  defineConfig(({ isSsrBuild }) => ({
    plugins: [
      tailwindcss(),
      remix(options),
      // Once, here, and as small as it gets, rather than for each browser while it waits.
      isSsrBuild ? null : compression({ threshold, algorithms: ["brotliCompress", "gzip"] }),
      isSsrBuild ? null : compiledAhead,
    ],
    // React decides by NODE_ENV, when it is loaded, between its fast self and the one that checks: taken
    // into the build, it is the fast one however the server is started.
    define: { "process.env.NODE_ENV": '"production"' },
    // Once a file: each icon brings the same licence.
    esbuild: { legalComments: "eof" },
    build: {
      // What the styles ask for anyway (https://tailwindcss.com/docs/compatibility).
      target: ["chrome111", "edge111", "firefox128", "safari16.4"],
      // It writes `light-dark()` as what these know; esbuild leaves it.
      cssMinify: "lightningcss",
      rollupOptions: {
        // Bytes; smaller ones join others: a page asks for a third fewer files, and they pack better.
        output: {
          experimentalMinChunkSize: 1_500,
          // Files of their own: joined with others they would come with pages that ask for neither.
          ...(!isSsrBuild && { manualChunks: chunkOf }),
        },
        // To read a property and drop it, as each icon's module does, changes nothing: left out, it no longer
        // keeps small files from joining others. (`element.offsetHeight;` would go as well; nothing has it.)
        treeshake: { propertyReadSideEffects: isSsrBuild },
      },
    },
    ssr: {
      // With all that takes React: there is one of it.
      noExternal: [/react/, /radix-ui/, "sonner"],
    },
  }));

export default buildPages(remixOptions);
