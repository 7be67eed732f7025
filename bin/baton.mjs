#!/usr/bin/env node
// The `baton` command: sets up what is missing, then runs the command under the pinned Node, where it was called.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { main, pathWithPinnedNode, pinnedNode, prepare, root } from "./parts/setup.mjs";

await main(async () => {
  // Standard output belongs to the command: what setting up says goes to standard error.
  const write = process.stdout.write;
  process.stdout.write = process.stderr.write.bind(process.stderr);
  await prepare();
  process.stdout.write = write;
  const child = spawn(pinnedNode, [join(root, "src/cli/main.ts"), ...process.argv.slice(2)], {
    stdio: "inherit",
    env: {
      ...process.env,
      NODE_ENV: "production",
      BATON_LOG_LEVEL: process.env.BATON_LOG_LEVEL ?? "error",
      PATH: pathWithPinnedNode(),
    },
  });
  // A terminal tells both of an interrupt; whoever signals this process alone means the command as well.
  process.on("SIGINT", () => undefined);
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
});
