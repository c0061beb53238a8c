import { defineConfig } from "vitest/config";

const real = {
  globalSetup: "tests/support/global-setup.ts",
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

export default defineConfig({
  test: {
    reporters: ["default"],
    pool: "forks",
    maxWorkers: 2,
    projects: [
      { test: { name: "unit", include: ["tests/unit/**/*.test.ts"], testTimeout: 60_000 } },
      { test: { ...real, name: "real", include: ["tests/{integration,faults,e2e}/**/*.test.ts"] } },
      {
        test: {
          name: "sandbox",
          include: ["sandbox/tests/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
