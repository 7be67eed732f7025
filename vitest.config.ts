import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

/** `npm test` names the browser that it found; without it, the usual place. */
const chromium =
  process.env["CHROMIUM_PATH"] ?? (existsSync("/usr/bin/chromium") ? "/usr/bin/chromium" : undefined);
const asRoot = process.getuid?.() === 0;

/** Tests of functions alone: without processes, databases and sockets. */
const pure = ["src/base/**/*.test.ts", "src/flow/**/*.test.ts", "src/ui/**/*.test.ts"];
const onServer = {
  environment: "node",
  pool: "forks",
  env: { BATON_LOG_LEVEL: "silent" },
  // Only where nobody sits before it: a run by hand should show what is not steady.
  retry: process.env["CI"] === undefined ? 0 : 1,
  testTimeout: 60_000,
} as const;

export default defineConfig({
  test: {
    // Much of the time is spent in waiting for databases and processes: one at a time would leave a core idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      // They leave nothing behind, so that one process with one copy of all modules is enough for all files.
      {
        test: {
          ...onServer,
          name: "pure",
          include: pure,
          isolate: false,
          setupFiles: ["./vitest.seed.ts"],
        },
      },
      {
        test: {
          ...onServer,
          name: "node",
          include: ["src/**/*.test.ts"],
          exclude: ["node_modules/**", "src/platform/prisma/generated/**", ...pure],
          globalSetup: ["./vitest.setup.ts"],
          setupFiles: ["./vitest.node.ts", "./vitest.seed.ts"],
          hookTimeout: 120_000,
        },
      },
      // The language is the same in the browser: the same tests say so.
      {
        // Named beforehand: one that is found during the run would reload the page under the tests.
        optimizeDeps: {
          include: [
            "@cfworker/json-schema",
            "@marcbachmann/cel-js",
            "canonicalize",
            "croner",
            "fast-check",
            "fastest-levenshtein",
            "re2js",
            "yaml",
            "zod",
          ],
        },
        test: {
          name: "chromium",
          include: ["src/base/**/*.test.ts", "src/flow/**/*.test.ts"],
          exclude: ["**/*.node.test.ts"],
          setupFiles: ["./vitest.browser.ts", "./vitest.seed.ts"],
          retry: process.env["CI"] === undefined ? 0 : 1,
          testTimeout: 60_000,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: {
                ...(chromium === undefined ? {} : { executablePath: chromium }),
                args: asRoot ? ["--no-sandbox"] : [],
              },
            }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
