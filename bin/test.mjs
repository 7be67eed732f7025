// `npm test`: sets up what the tests need and runs all of them. The last line is "N passed, N failed".
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { findChromium } from "./parts/chromium.mjs";
import { playwrightFailures, tell, vitestFailures } from "./parts/failures.mjs";
import {
  build,
  main,
  pathWithPinnedNode,
  pinnedNode,
  prepare,
  root,
  SetupError,
  step,
} from "./parts/setup.mjs";

const results = join(root, "test-results");
const total = { passed: 0, failed: 0 };
const failures = [];
/** Names and reasons, said again at the end: what is further up is often cut off where the output is shown. */
const named = [];

/** Runs a command with its output shown only when it failed. */
function command(file, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(pinnedNode, [join(root, "node_modules", file), ...args], {
      cwd: root,
      env: {
        ...process.env,
        PATH: pathWithPinnedNode(),
        NEXT_TELEMETRY_DISABLED: "1",
        NO_COLOR: "1",
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    child.on("error", reject);
    child.on("close", (code) => resolve({ ok: code === 0, output }));
  });
}

/** A step that passes or fails as a whole. */
async function check(name, work) {
  const ok = await step(name, work).then(
    (result) => {
      if (!result.ok) {
        process.stdout.write(`${result.output}\n`);
        named.push({ name, why: lastLines(result.output) });
      }
      return result.ok;
    },
    (error) => {
      process.stdout.write(`${said(error)}\n`);
      named.push({ name, why: lastLines(said(error)) });
      return false;
    },
  );
  total[ok ? "passed" : "failed"] += 1;
  if (!ok) failures.push(name);
  return ok;
}

function said(error) {
  return error instanceof SetupError ? `${error.message}\n${error.hint}` : error.stack;
}

function lastLines(output) {
  return output
    .trimEnd()
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-12);
}

/** A step whose report counts its tests. A step that failed without a failed test counts as one failed. */
async function suite(name, work, { count, failed }) {
  const result = await step(name, work).catch((error) => ({ ok: false, output: String(error.stack) }));
  const counted = count();
  const found = failed();
  if (!result.ok || counted.failed > 0) {
    process.stdout.write(`${result.output}\n`);
    failures.push(name);
    if (found.length === 0) named.push({ name, why: lastLines(result.output) });
  }
  named.push(...found);
  total.passed += counted.passed;
  total.failed += counted.failed === 0 && !result.ok ? 1 : counted.failed;
}

function readReport(name) {
  try {
    return JSON.parse(readFileSync(join(results, name), "utf8"));
  } catch {
    return null;
  }
}

const vitest = {
  count: countVitest,
  failed: () => vitestFailures(readReport("vitest.json"), root),
};
const playwright = {
  count: countPlaywright,
  failed: () => playwrightFailures(readReport("playwright.json")),
};

function countVitest() {
  const report = readReport("vitest.json");
  if (report === null) return { passed: 0, failed: 1 };
  const broken = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken.length };
}

function countPlaywright() {
  const report = readReport("playwright.json");
  if (report === null) return { passed: 0, failed: 1 };
  const { expected, flaky, unexpected } = report.stats;
  // One that failed and then passed is named in the list above.
  return { passed: expected + flaky, failed: unexpected + (report.errors?.length ?? 0) };
}

await main(async () => {
  process.stdout.write("Baton's tests\n");
  try {
    rmSync(results, { recursive: true, force: true });
    mkdirSync(results, { recursive: true });
    await prepare();
    const chromium = await step("Chromium", findChromium);
    process.stdout.write(`  Chromium is ${chromium.source}: ${chromium.path}\n`);
    const browser = { CHROMIUM_PATH: chromium.path };

    await check("Format", () => command("oxfmt/bin/oxfmt", ["--check"]));
    await check("Lint", () => command("oxlint/bin/oxlint", ["--type-aware", "--deny-warnings"]));
    if (existsSync(join(root, "src/app"))) await command("next/dist/bin/next", ["typegen"]);
    await check("Types", () => command("typescript/bin/tsc", ["--noEmit", "-p", "."]));
    await check("Schema and migrations agree", () => command("../prisma/migration.ts", ["--check"]));
    await suite(
      "Floors, units, integration",
      () =>
        command(
          "vitest/vitest.mjs",
          ["run", "--reporter=dot", "--reporter=json", "--outputFile.json=test-results/vitest.json"],
          browser,
        ),
      vitest,
    );
    const built = await check("Production build", async () => {
      await build();
      return { ok: true };
    });
    if (
      built &&
      existsSync(join(root, "e2e")) &&
      readdirSync(join(root, "e2e")).some((name) => name.endsWith(".spec.ts"))
    ) {
      await suite(
        "End to end, in Chromium",
        () => command("@playwright/test/cli.js", ["test"], browser),
        playwright,
      );
    }
  } catch (error) {
    process.stdout.write(`${said(error)}\n`);
    total.failed += 1;
    failures.push("Set-up");
    named.push({ name: "Set-up", why: lastLines(said(error)) });
  }
  const summary = [
    ...(failures.length > 0 ? [`Failed: ${failures.join("; ")}.`] : []),
    ...tell(named.slice(0, 30)),
    ...(named.length > 30 ? [`  and ${named.length - 30} more`] : []),
  ];
  if (summary.length > 0) {
    process.stdout.write(`\n${summary.join("\n")}\n`);
    writeFileSync(join(results, "failures.txt"), `${summary.join("\n")}\n`);
  }
  process.exitCode = total.failed === 0 ? 0 : 1;
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
});
