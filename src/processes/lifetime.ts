import { BatonError, messageOf } from "#base/index.ts";
import { isBrokenConnection } from "#platform/index.ts";
import { unavailableExit, misconfiguredExit } from "./start/supervisor.ts";

/**
 * Runs a child process: tells the supervisor when it is ready, and stops in order when the supervisor says so, when
 * SIGTERM comes, or when the supervisor is gone. An interrupt from the terminal reaches all processes at once and is
 * the supervisor's to act on.
 */
export async function live(begin: () => Promise<{ stop(): Promise<void> }>): Promise<void> {
  const supervised = process.env["BATON_SUPERVISED"] === "1" && process.send !== undefined;
  let stop: (() => Promise<void>) | null = null;
  let asked = false;
  const end = (): void => {
    asked = true;
    const how = stop;
    stop = null;
    if (how === null) return;
    how().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.on("SIGTERM", end);
  process.on("SIGHUP", () => (supervised ? undefined : end()));
  process.on("SIGINT", () => (supervised ? undefined : end()));
  process.on("message", (message) => {
    if (message === "stop") end();
  });
  process.on("disconnect", end);
  try {
    stop = (await begin()).stop;
    // The supervisor may be gone by now: then "disconnect" has said so, and a message would fail for want of a channel.
    if (supervised && process.connected) process.send?.("ready", undefined, undefined, () => undefined);
    if (asked) end();
  } catch (error) {
    fail(error);
  }
}

/** Shows why a process ends, and ends it. */
export function fail(error: unknown): never {
  process.stderr.write(`\n${describe(error)}\n`);
  process.exit(exitCodeOf(error));
}

/** How the supervisor is told why: whether starting anew would help, and whether the runs under way are to blame. */
export function exitCodeOf(error: unknown): number {
  if (BatonError.isInstance(error)) {
    if (error.code === "misconfigured") return misconfiguredExit;
    return error.code === "unavailable" ? unavailableExit : 1;
  }
  return isBrokenConnection(error) ? unavailableExit : 1;
}

/** A sentence and what to do for errors that people can act on; else everything that helps to find the cause. */
export function describe(error: unknown): string {
  if (BatonError.isInstance(error))
    return error.hint === undefined ? error.message : `${error.message}\n${error.hint}`;
  // Where in our code it was noticed helps nobody.
  if (isBrokenConnection(error))
    return `The database went away: ${messageOf(error)}\nSee whether Postgres runs and can be reached at DATABASE_URL.`;
  return error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
}
