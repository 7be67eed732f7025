// `npm run screens`: every main screen as a picture in screens/. Words after it, joined by
// commas, take only the pictures whose names contain one of them.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { findChromium } from "./parts/chromium.mjs";
import { build, main, pathWithPinnedNode, pinnedNode, prepare, root, step } from "./parts/setup.mjs";

await main(async () => {
  await prepare();
  const chromium = await step("Chromium", findChromium);
  await build();
  const child = spawn(pinnedNode, [join(root, "node_modules/@playwright/test/cli.js"), "test"], {
    cwd: root,
    stdio: "inherit",
    env: {
      ...process.env,
      PATH: pathWithPinnedNode(),
      CHROMIUM_PATH: chromium.path,
      BATON_SCREENS: process.argv[2] ?? "all",
    },
  });
  process.exitCode = await new Promise((resolve) => child.on("close", (code) => resolve(code ?? 1)));
});
