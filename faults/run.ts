/**
 * `npm run faults`: breaks what can break, seeded, and judges what is left. `--short` for the gate, `--seed N` to have
 * a failure again, `--only WORDS`, once or more often, for the scenarios whose names hold them. The last line is "N passed, N failed".
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { note } from "./leave-nothing.ts";
import { createRandom } from "./random.ts";
import { startReceiver } from "./receiver.ts";
import type { Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";
import { openSite, type Server, type Site, startServer } from "./site.ts";

const { values } = parseArgs({
  options: { short: { type: "boolean" }, seed: { type: "string" }, only: { type: "string", multiple: true } },
});
const short = values.short === true;
const seed = values.seed === undefined ? 20_260_101 : Number(values.seed);
const { only } = values;
const chosen = scenarios.filter(
  ({ name }) => only === undefined || only.some((words) => name.includes(words)),
);

const home = mkdtempSync(join(tmpdir(), "baton-faults-home-"));
process.env["BATON_SECRET_KEY"] ??= "the key of the fault harness";
process.env["BATON_HOME"] = home;

async function play(scenario: Scenario, shared: Server): Promise<boolean> {
  const began = performance.now();
  let site: Site | null = null;
  let own: Server | null = null;
  const receiver = await startReceiver();
  try {
    own = scenario.breaksServer === true ? await startServer() : null;
    const server = own ?? shared;
    site = await openSite(server);
    const figures = await scenario.run({
      short,
      // Each its own: what one draws depends on no other.
      random: createRandom(seed),
      server,
      site,
      receiver,
      environment: {
        BATON_EGRESS: receiver.place,
        BATON_FAULT_RECEIVER: receiver.url,
        BATON_METRICS_PORT: "0",
        BATON_LOG_LEVEL: process.env["BATON_LOG_LEVEL"] ?? "silent",
        NODE_COMPILE_CACHE: join(home, "compiled"),
      },
    });
    const told = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
    say(true, scenario.name, began, told.join(", "));
    return true;
  } catch (error) {
    say(false, scenario.name, began, error instanceof Error ? (error.stack ?? error.message) : String(error));
    return false;
  } finally {
    await receiver.close();
    await site?.close().catch(() => undefined);
    await own?.stop();
  }
}

/** Plays so many at once, in order. */
async function playAll(all: readonly Scenario[], atOnce: number, server: Server): Promise<void> {
  const left = [...all];
  async function lane(): Promise<void> {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      if (await play(next, server)) passed += 1;
      else failed += 1;
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane));
}

function say(held: boolean, name: string, began: number, told: string): void {
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  process.stdout.write(`  ${held ? "holds" : "FAILS"}  ${name}, ${seconds} s\n         ${told}\n`);
}

process.stdout.write(`Faults, ${short ? "short form" : "long form"}, seed ${seed}\n`);
note({ folder: home });
// However it ends, what it started is ended for it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));
const server = await startServer();
let passed = 0;
let failed = 0;
const began = performance.now();
try {
  // Those that mostly wait play side by side, and what they measure is not disturbed by those that work hard.
  await playAll(
    chosen.filter(({ waits }) => waits),
    3,
    server,
  );
  await playAll(
    chosen.filter(({ waits }) => !waits),
    short ? 3 : 2,
    server,
  );
} finally {
  await server.stop();
  rmSync(home, { recursive: true, force: true });
  note({ gone: home });
}
process.stdout.write(`  ${((performance.now() - began) / 1000).toFixed(0)} s\n`);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);
