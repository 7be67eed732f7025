import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RunId, WorkspaceId } from "#base/index.ts";
import type { Queryable } from "#platform/index.ts";
import { createTeller } from "./teller.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const [one, two] = ["run_1" as RunId, "run_2" as RunId];

/** A database that keeps the notifications, and refuses them while `away`. */
function listening() {
  const heard: string[] = [];
  const state = { away: false };
  const db = {
    async query(_sql: string, [runs, lists]: [string[], string[]]) {
      if (state.away) throw new Error("Connection terminated unexpectedly");
      heard.push(...runs, ...lists);
      return { rows: [], rowCount: 0 };
    },
  } as unknown as Queryable;
  const teller = createTeller(db);
  const workspace = "ws_1" as WorkspaceId;
  const events = [{ type: "run-resumed", by: { kind: "user", id: "u", name: "U" } }] as const;
  const tell = (run: RunId, listed = false): void => teller.tell({ run, workspace, events }, listed);
  return { teller, tell, heard, state };
}

test("the first news are told at once, those that follow together, and each last one", async () => {
  const { teller, tell, heard } = listening();
  tell(one);
  expect(heard).toEqual([one]);
  tell(one);
  tell(two);
  tell(one);
  expect(heard).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(20);
  expect(heard).toEqual([one, `${one} ${two}`]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(heard).toHaveLength(2);
  tell(two);
  expect(heard).toEqual([one, `${one} ${two}`, two]);
  teller.close();
});

test("news that could not be told are told when the database is back", async () => {
  const { teller, tell, heard, state } = listening();
  state.away = true;
  tell(one, true);
  await vi.advanceTimersByTimeAsync(100);
  tell(two);
  state.away = false;
  expect(heard).toEqual([]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(heard).toEqual([`${one} ${two}`, `ws_1 run ${one}`]);
  teller.close();
});

test("what is left is told at the end, and nothing after it", async () => {
  const { teller, tell, heard } = listening();
  tell(one);
  tell(two);
  teller.close();
  await vi.advanceTimersByTimeAsync(1000);
  expect(heard).toEqual([one, two]);
  expect(vi.getTimerCount()).toBe(0);
});
