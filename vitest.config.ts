import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "node",
          include: ["src/**/*.test.ts", "src/**/*.test.tsx"],
          exclude: ["node_modules/**", "src/platform/prisma/generated/**"],
          environment: "node",
          pool: "forks",
          env: { BATON_LOG_LEVEL: "silent" },
          globalSetup: ["./vitest.setup.ts"],
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
