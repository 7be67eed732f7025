import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathWithPinnedNode, pinnedNode, root, run, SetupError } from "./setup.mjs";

const installed = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/snap/bin/chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** The Chromium for the tests: the system's, else Playwright's download, else Debian's package. Answers its path and where it came from. */
export async function findChromium() {
  const given = process.env.CHROMIUM_PATH;
  if (given !== undefined && given !== "") {
    if (!existsSync(given))
      throw new SetupError(`CHROMIUM_PATH names ${given}, which does not exist.`, "Correct it, or unset it.");
    return { path: given, source: "CHROMIUM_PATH" };
  }
  const system = await firstThatRuns(installed);
  if (system !== null) return { path: system, source: "the system's" };

  const env = { ...process.env, PATH: pathWithPinnedNode() };
  const cli = join(root, "node_modules/@playwright/test/cli.js");
  const download = await run(pinnedNode, [cli, "install", "chromium"], { env });
  const asked = await run(
    pinnedNode,
    [
      "-e",
      'import("@playwright/test").then(({ chromium }) => process.stdout.write(chromium.executablePath()))',
    ],
    { env },
  );
  if (download.code === 0) {
    if ((await firstThatRuns([asked.output])) !== null)
      return { path: asked.output, source: "Playwright's download" };
    await run(pinnedNode, [cli, "install-deps", "chromium"], { env });
    if ((await firstThatRuns([asked.output])) !== null)
      return { path: asked.output, source: "Playwright's download" };
  }

  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    await run("apt-get", ["update", "-q"]);
    await run("apt-get", ["install", "-y", "-q", "--no-install-recommends", "chromium"]);
    const packaged = await firstThatRuns(installed);
    if (packaged !== null) return { path: packaged, source: "Debian's package, installed now" };
  }
  throw new SetupError(
    "No Chromium was found, and none could be installed.",
    "Install Chromium and name it in CHROMIUM_PATH.",
  );
}

async function firstThatRuns(paths) {
  for (const path of paths) {
    if (!existsSync(path)) continue;
    const { code } = await run(path, ["--version"]).catch(() => ({ code: 1 }));
    if (code === 0) return path;
  }
  return null;
}
