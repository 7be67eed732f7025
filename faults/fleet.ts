import { makeId, type WorkerId } from "#base/index.ts";
import { declareDead } from "#journal/index.ts";
import { type Database, randomSource } from "#platform/index.ts";
import { startChild, workerFlags } from "../src/processes/start/child.ts";
import { type Child, unavailableExit } from "../src/processes/start/supervisor.ts";
import { noteChild } from "./leave-nothing.ts";
import { insist } from "./wait.ts";

/** `append 3 in`: while the third append is under way. Counted from the process's start. */
export type KillPoint = {
  readonly what: "append" | "effect";
  readonly when: "before" | "in" | "after";
  readonly number: number;
};

export type FleetWorker = {
  readonly id: WorkerId;
  readonly child: Child;
  /** Resolves when it has ended and its supervisor has seen to its runs. */
  readonly gone: Promise<void>;
};

export type Fleet = {
  /** `held: false`: the death of this worker does not count against its runs. */
  start(kill?: KillPoint | null, environment?: Readonly<Record<string, string>>, held?: boolean): FleetWorker;
  /** Starts a worker, and another one whenever it has ended, as the supervisor does. */
  keep(): void;
  /** Ends in order whoever lives still, and waits. */
  stop(): Promise<void>;
};

/** Starts workers, each in a process of its own, and buries them as the supervisor of `npm start` does. */
export function createFleet(options: {
  readonly db: Database;
  readonly environment: Readonly<Record<string, string>>;
  /** Whether deaths are seen at once; else only the heartbeats tell. */
  readonly supervised?: boolean;
}): Fleet {
  const alive = new Set<FleetWorker>();
  let stopping = false;
  const fleet: Fleet = {
    keep() {
      if (stopping) return;
      void fleet.start().gone.then(
        () => setTimeout(() => fleet.keep(), 500),
        () => undefined,
      );
    },
    start(kill = null, environment = {}, held = true) {
      const id = makeId("wrk", Date.now(), randomSource);
      const child = startChild(
        "../../faults/worker.ts",
        {
          ...options.environment,
          BATON_WORKER_ID: id,
          BATON_FAULT: JSON.stringify(kill),
          ...environment,
        },
        workerFlags,
      );
      noteChild(child.pid, child.ended);
      const gone = child.ended.then(async ({ code }) => {
        alive.delete(worker);
        if (options.supervised === false) return;
        await insist(() => declareDead(options.db, id, { crashed: held && code !== unavailableExit }));
      });
      const worker: FleetWorker = { id, child, gone };
      alive.add(worker);
      return worker;
    },
    async stop() {
      stopping = true;
      const all = [...alive];
      for (const { child } of all) child.askToStop();
      const timer = setTimeout(() => {
        for (const { child } of all) child.kill();
      }, 30_000);
      await Promise.all(all.map(({ gone }) => gone));
      clearTimeout(timer);
    },
  };
  return fleet;
}
