/**
 * How long the editor takes to read and check a flow of 500 tasks while somebody types: in Node, and in Chromium, where it
 * has to hold. Medians after warm-up; each round reads another text.
 * `npm run bench:validate [-- --json FILE]`
 */
import { existsSync } from "node:fs";
import { chromium } from "@playwright/test";
import { build } from "vite";
import { median, report, rounded } from "./figures.ts";
import { measure, type Rounds } from "./validate-rounds.ts";

const goalMs = 50;
const tasks = 500;
const warmUp = 20;
const rounds = 40;

const inNode = measure(tasks, warmUp, rounds);
const inBrowser = await measureInChromium();
const figures = {
  validate500: {
    parseMs: rounded(median(inNode.parseMs)),
    validateMs: rounded(median(inNode.validateMs)),
    totalMs: rounded(median(inNode.totalMs)),
    inBrowserMs: rounded(median(inBrowser.totalMs)),
  },
};
const { parseMs, validateMs, totalMs, inBrowserMs } = figures.validate500;
await report(
  "Reading and checking a flow of 500 tasks",
  [
    { figure: "parse in Node, ms", value: parseMs, goal: "", held: true },
    { figure: "validate in Node, ms", value: validateMs, goal: "", held: true },
    { figure: "both in Node, ms", value: totalMs, goal: "", held: true },
    { figure: "both in Chromium, ms", value: inBrowserMs, goal: `< ${goalMs}`, held: inBrowserMs < goalMs },
    { figure: "the very first time in Chromium, ms", value: inBrowser.firstMs, goal: "", held: true },
  ],
  figures,
);

async function measureInChromium(): Promise<Rounds> {
  const built = await build({
    logLevel: "error",
    configFile: false,
    build: {
      write: false,
      minify: true,
      lib: {
        entry: new URL("validate-rounds.ts", import.meta.url).pathname,
        formats: ["iife"],
        name: "bench",
      },
    },
  });
  const [output] = Array.isArray(built) ? built : [built];
  if (!output || !("output" in output)) throw new Error("The language could not be bundled.");
  const executablePath =
    process.env["CHROMIUM_PATH"] ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync);
  const browser = await chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });
  try {
    const page = await browser.newPage();
    await page.addScriptTag({ content: output.output[0].code });
    return await page.evaluate(
      ([count, warm, times]) => {
        const { bench } = globalThis as unknown as { bench: { measure(...given: number[]): unknown } };
        return bench.measure(count, warm, times) as never;
      },
      [tasks, warmUp, rounds] as const,
    );
  } finally {
    await browser.close();
  }
}
