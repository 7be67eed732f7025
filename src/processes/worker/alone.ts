import type { RunId, WorkerId } from "#base/index.ts";
import { unavailableExit } from "../start/supervisor.ts";

export type AlonePorts = {
  /** Starts a process that drives the run as this worker; resolves with its exit code, null when it was killed. */
  start(worker: WorkerId, run: RunId): Promise<number | null>;
  /** Declares that worker dead, whose run is set aside then. Answers the runs that it owned. */
  bury(worker: WorkerId): Promise<readonly RunId[]>;
  /** Hands over what that worker owned, as after an orderly stop. */
  release(worker: WorkerId): Promise<void>;
  newWorker(): WorkerId;
};

/**
 * Drives a run that has crashed workers in a process of its own, where only itself can be hurt. Throws when that
 * process ended badly without having had the run: nothing is known against the run then, and its job is to be tried
 * again, as no other would wake it.
 */
export async function driveAlone(run: RunId, ports: AlonePorts): Promise<void> {
  const worker = ports.newWorker();
  const code = await ports.start(worker, run);
  if (code === 0) return;
  if (code === unavailableExit) return ports.release(worker);
  const owned = await ports.bury(worker);
  if (!owned.includes(run)) {
    throw new Error(`The process that was to drive ${run} alone ended before it had the run.`);
  }
}
