import { expect, test } from "vitest";
import { makeId, type RunId } from "#base/index.ts";
import { unavailableExit } from "../start/supervisor.ts";
import { driveAlone } from "./alone.ts";

const zeros = (count: number): Uint8Array => new Uint8Array(count);
const run: RunId = makeId("run", 1, zeros);

function attempt(code: number | null, owned: readonly RunId[]) {
  const buried: string[] = [];
  const released: string[] = [];
  const done = driveAlone(run, {
    newWorker: () => makeId("wrk", 1, zeros),
    start: async () => code,
    release: async (worker) => void released.push(worker),
    bury: async (worker) => {
      buried.push(worker);
      return owned;
    },
  });
  return { done, buried, released };
}

test("a run that was driven to its end or to a wait needs nothing more", async () => {
  const { done, buried } = attempt(0, []);
  await done;
  expect(buried).toEqual([]);
});

test("a run that crashed its own process as well is set aside", async () => {
  const { done, buried } = attempt(null, [run]);
  await done;
  expect(buried).toHaveLength(1);
});

test("a run whose process lost the database is handed over, and nothing is held against it", async () => {
  const { done, buried, released } = attempt(unavailableExit, [run]);
  await done;
  expect(buried).toEqual([]);
  expect(released).toHaveLength(1);
});

test("a process that ended before it had the run is started again by the queue", async () => {
  await expect(attempt(1, []).done).rejects.toThrow("ended before it had the run");
});
