import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { BatonError, isObject, messageOf } from "#base/index.ts";

/** That this process alone uses a home. */
export type HomeLock = { release(): void };

/** Makes the home where it is missing and makes sure that it can be written. */
export function prepareHome(home: string): void {
  const probe = join(home, `.write-test-${process.pid}`);
  try {
    makeFolder(home);
    writeFileSync(probe, "");
    rmSync(probe);
  } catch (cause) {
    throw new BatonError("misconfigured", `Baton can't write to its home ${home}: ${messageOf(cause)}.`, {
      hint: "Give this user the right to write there, or name another folder in BATON_HOME.",
      cause,
    });
  }
}

/**
 * One level after the other: Node's own recursive way never ends in file systems that refuse new folders by "not found".
 * Others may pass through, as the database may have to run as another user; what is secret has modes of its own.
 */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o755 });
}

/** Takes the home for this process. Throws "conflict" when a process that is alive has it. */
export function lockHome(home: string, commandOf: (pid: number) => string | null = commandLine): HomeLock {
  const file = join(home, "baton.pid");
  for (let attempt = 1; ; attempt += 1) {
    try {
      writeFileSync(file, `${process.pid}\n`, { flag: "wx" });
      break;
    } catch (error) {
      if (!isObject(error) || error["code"] !== "EEXIST") throw error;
    }
    const owner = readPid(file);
    // A process that was killed leaves its file; its number may be another program's by now.
    if ((owner !== null && owner !== process.pid && isBaton(owner, commandOf)) || attempt > 5) {
      throw new BatonError("conflict", `Baton runs already on ${home} (process ${owner ?? "unknown"}).`, {
        hint: "Stop it first, or give this one a home and a port of its own: BATON_HOME and BATON_PORT.",
      });
    }
    rmSync(file, { force: true });
  }
  return {
    release() {
      if (readPid(file) === process.pid) rmSync(file, { force: true });
    },
  };
}

function readPid(file: string): number | null {
  try {
    const pid = Number(readFileSync(file, "utf8").trim());
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

function isBaton(pid: number, commandOf: (pid: number) => string | null): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!isObject(error) || error["code"] !== "EPERM") return false;
  }
  const command = commandOf(pid);
  return command === null || command.includes("processes/start");
}

/** The command line of a process, where the system tells (Linux); null elsewhere. */
function commandLine(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return null;
  }
}
