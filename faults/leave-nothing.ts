import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

/** What the warden is told: what is there, and what is no longer. */
export type Notice =
  | { readonly process: number }
  | { readonly server: number }
  | { readonly folder: string }
  | { readonly gone: number | string };

let warden: ChildProcess | null = null;

/** Notes what must not be left behind when the harness ends before it has seen to it, as when it is killed. */
export function note(notice: Notice): void {
  if (warden === null) {
    warden = spawn(process.execPath, [join(import.meta.dirname, "warden.ts")], {
      stdio: ["pipe", "ignore", "inherit"],
      // In a group of its own, as signals to the harness's would reach it too.
      detached: true,
    });
    warden.stdin?.on("error", () => undefined);
  }
  warden.stdin?.write(`${JSON.stringify(notice)}\n`);
}

/** Notes a process from its start to its end. */
export function noteChild(pid: number | undefined, ended: Promise<unknown>): void {
  if (pid === undefined) return;
  note({ process: pid });
  void ended.then(() => note({ gone: pid }));
}
