import { defineConfig, devices } from "@playwright/test";

const executablePath = process.env["CHROMIUM_PATH"];
const isRoot = process.getuid?.() === 0;

/** Against a production build, on a home and a port of its own. See `e2e/support/server.ts`. */
export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results/playwright",
  globalSetup: "./e2e/support/global-setup.ts",
  // All share one server and one workspace, so each test has people, flows and runs of its own. Pictures show what was
  // done before them, in order.
  workers: process.env["BATON_SCREENS"] === undefined ? 2 : 1,
  forbidOnly: process.env["CI"] !== undefined,
  // Only where nobody sits before it: a run by hand should show what is not steady.
  retries: process.env["CI"] === undefined ? 0 : 1,
  timeout: 150_000,
  expect: { timeout: 45_000 },
  reporter: [["list"], ["json", { outputFile: "test-results/playwright.json" }]],
  use: {
    ...devices["Desktop Chrome"],
    viewport: { width: 1440, height: 900 },
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
    launchOptions: {
      ...(executablePath === undefined ? {} : { executablePath }),
      args: isRoot ? ["--no-sandbox"] : [],
    },
  },
  // The pictures make a workspace of their own, so they never run with the tests: see `npm run screens`.
  projects:
    process.env["BATON_SCREENS"] === undefined
      ? [
          { name: "setup", testMatch: "setup.spec.ts" },
          {
            name: "pages",
            testIgnore: ["setup.spec.ts", "screens.spec.ts"],
            dependencies: ["setup"],
          },
        ]
      : [{ name: "screens", testMatch: "screens.spec.ts" }],
});
