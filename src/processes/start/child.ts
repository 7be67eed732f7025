import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Child, Ending } from "./supervisor.ts";

/** Starts one of our entry points as a process of its own, with a channel over which it is told to stop. */
export function startChild(entry: string, environment: Readonly<Record<string, string>>): Child {
  const child = spawn(process.execPath, [join(import.meta.dirname, "..", entry)], {
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
