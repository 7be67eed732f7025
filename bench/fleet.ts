import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Kind, Step } from "./flows.ts";

/** What the processes are told, one after the other. */
export type Order =
  | { readonly do: "create"; readonly kind: Kind; readonly step: Step; readonly count: number }
  | { readonly do: "drive"; readonly atOnce: number };

/** Worker processes on one database, as many as there are cores, as `npm start -- --workers N` has them. */
export type Fleet = {
  readonly workers: number;
  /** Milliseconds for `count` runs, `atOnce` at a time, from the moment that the first are taken to the commit of the last end. */
  time(kind: Kind, step: Step, count: number, atOnce: number): Promise<number>;
  close(): Promise<void>;
};

export async function openFleet(url: string, workers = Math.min(4, availableParallelism())): Promise<Fleet> {
  const program = fileURLToPath(new URL("fleet-worker.ts", import.meta.url));
  const children = Array.from({ length: workers }, () => fork(program, [url]));
  await Promise.all(children.map((child) => once(child, "message")));

  async function all(order: (index: number) => Order): Promise<void> {
    const answered = Promise.all(children.map((child) => answerOf(child)));
    for (const [index, child] of children.entries()) child.send(order(index));
    await answered;
  }

  return {
    workers,
    async time(kind, step, count, atOnce) {
      const shareOf = (whole: number, index: number): number =>
        Math.floor(whole / workers) + (index < whole % workers ? 1 : 0);
      await all((index) => ({ do: "create", kind, step, count: shareOf(count, index) }));
      const before = performance.now();
      await all((index) => ({ do: "drive", atOnce: shareOf(atOnce, index) }));
      return performance.now() - before;
    },
    async close() {
      if (children.every((child) => !child.connected)) return;
      const gone = Promise.all(children.map((child) => once(child, "exit")));
      for (const child of children) child.disconnect();
      await gone;
    },
  };
}

async function answerOf(child: ChildProcess): Promise<void> {
  const [answer] = (await once(child, "message")) as [{ error?: string }];
  if (answer.error !== undefined) throw new Error(answer.error);
}
