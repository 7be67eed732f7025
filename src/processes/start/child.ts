import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Child, Ending } from "./supervisor.ts";

/**
 * Flags of Node for a process that drives runs. Nearly all that a step makes is garbage right after it: with more room for what is new than
 * the usual 16 MB, it is collected less often, and less of it is copied. Megabytes.
 */
export const workerFlags: readonly string[] = ["--max-semi-space-size=32"];

/**
 * Starts one of our entry points as a process of its own, with a channel over which it is told to stop. `flags` are
 * Node's.
 */
export function startChild(
  entry: string,
  environment: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
): Child {
  const child = spawn(process.execPath, [...flags, join(import.meta.dirname, "..", entry)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { ...process.env, ...environment, BATON_SUPERVISED: "1" },
  });
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<Ending>();
  child.on("message", (message) => {
    if (message === "ready") ready.resolve();
  });
  child.on("error", () => ended.resolve({ code: null, signal: null }));
  child.on("exit", (code, signal) => ended.resolve({ code, signal }));
  return {
    pid: child.pid,
    ready: ready.promise,
    ended: ended.promise,
    askToStop() {
      if (child.connected) child.send("stop", () => undefined);
      else child.kill("SIGTERM");
    },
    kill: () => void child.kill("SIGKILL"),
  };
}
