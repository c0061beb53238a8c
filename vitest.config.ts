import { defineConfig } from "vitest/config";
import { pseudoLocalePlugin } from "./tests/pseudo-locale/plugin.ts";

/** What a test waits for with `expect.poll` may take this long on a busy machine. Milliseconds. */
const poll = { timeout: 40_000, interval: 30 };

const real = {
  expect: { poll },
  globalSetup: "tests/support/global-setup.ts",
  testTimeout: 120_000,
  hookTimeout: 60_000,
};

/** These change what is the whole process's, or look at all that it has. */
const meddling = [
  "integration/{live,telemetry*,pages,abuse/one-request}",
  "faults/{database,plaid,pooler,silent-database}",
].map((files) => `tests/${files}.test.ts`);

export default defineConfig({
  test: {
    reporters: ["default"],
    pool: "forks",
    // A third would save a minute in eleven, and starve what the others wait for.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: "unit",
          include: ["tests/{unit,model}/**/*.test.ts"],
          testTimeout: 60_000,
          isolate: false,
        },
      },
      {
        test: {
          ...real,
          name: "real",
          include: ["tests/{integration,e2e,faults}/**/*.test.ts"],
          exclude: meddling,
          // Loading the server takes longer than many a file's tests: once a worker will do.
          isolate: false,
        },
      },
      { test: { ...real, name: "meddling", include: meddling } },
      {
        // The pages and the server with their words in the pseudo-locale.
        plugins: [pseudoLocalePlugin()],
        test: {
          ...real,
          name: "pseudo-locale",
          include: ["tests/screenshots/screenshots.ts"],
          globalSetup: [real.globalSetup, "tests/pseudo-locale/build-pages.ts"],
        },
      },
      {
        test: {
          name: "sandbox",
          include: ["sandbox/tests/**/*.test.ts"],
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
