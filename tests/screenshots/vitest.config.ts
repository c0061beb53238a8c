import { defineConfig } from "vitest/config";

/** `npm run screenshots`: apart from the tests, as its pictures are for people to judge. */
export default defineConfig({
  test: {
    globalSetup: "tests/support/global-setup.ts",
    include: ["tests/screenshots/screenshots.ts"],
    testTimeout: 300_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
