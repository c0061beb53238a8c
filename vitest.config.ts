import { defineConfig } from "vitest/config";
import { pseudoLocalePlugin } from "./tests/pseudo-locale/plugin.ts";

/** How long `expect.poll` waits, which is enough on a busy machine. Milliseconds. */
const poll = { timeout: 40_000, interval: 30 };

// CI's host is at times several times slower within a minute. The report names each test that needed it.
const retry = process.env.CI ? 1 : 0;

const real = {
  expect: { poll },
  globalSetup: "tests/support/global-setup.ts",
  setupFiles: "tests/support/seed.ts",
  testTimeout: 120_000,
  hookTimeout: 60_000,
  retry,
};

/** These change or check the state of the whole process, so each file has a process of its own. */
const ownProcess = ["live", "telemetry*", "abuse/one-request"].map(
  (files) => `tests/integration/${files}.test.ts`,
);

/** Walks all states of the pages with their words in the pseudo-locale. A part of `npm run matrix`. */
const pseudoLocale = {
  plugins: [pseudoLocalePlugin()],
  test: {
    ...real,
    name: "pseudo-locale",
    include: ["tests/screenshots/screenshots.ts"],
    globalSetup: [real.globalSetup, "tests/pseudo-locale/build-pages.ts"],
  },
};

export default defineConfig({
  test: {
    reporters: ["default"],
    pool: "forks",
    // A third starves what the tests of the others wait for, where the machine is slow.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: "unit",
          include: ["tests/{unit,model}/**/*.test.ts"],
          setupFiles: "tests/support/seed.ts",
          testTimeout: 60_000,
          isolate: false,
        },
      },
      {
        test: {
          ...real,
          name: "real",
          include: ["tests/{integration,e2e,faults}/**/*.test.ts"],
          exclude: ownProcess,
          // Loading the server takes longer than the tests of many files, so each worker loads it only once.
          isolate: false,
        },
      },
      { test: { ...real, name: "own-process", include: ownProcess } },
      {
        test: {
          name: "sandbox",
          include: ["sandbox/tests/**/*.test.ts"],
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          retry,
        },
      },
      ...(process.env.MATRIX === "1" ? [pseudoLocale] : []),
    ],
  },
});
