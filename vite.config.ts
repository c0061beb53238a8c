import { vitePlugin as remix } from "@remix-run/dev";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";
import remixOptions from "./remix.config.js";

export default defineConfig({
  plugins: [tailwindcss(), remix(remixOptions)],
  // React decides by NODE_ENV, when it is loaded, between its fast self and the one that checks: taken
  // into the build, it is the fast one however the server is started.
  define: { "process.env.NODE_ENV": '"production"' },
  // Bytes; smaller ones join others: a page asks for a third fewer files, and they pack better.
  build: { rollupOptions: { output: { experimentalMinChunkSize: 3_000 } } },
  ssr: {
    // With all that takes React: there is one of it.
    noExternal: [/react/, /radix-ui/, "sonner"],
  },
});
