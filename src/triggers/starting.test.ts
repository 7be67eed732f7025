import { expect, test } from "vitest";
import { BatonError } from "#base/index.ts";
import type { Transaction } from "#platform/index.ts";
import { startOrFail } from "./starting.ts";

/** A transaction that notes what it is told. */
function noting() {
  const told: string[] = [];
  const tx = {
    query(sql: string) {
      told.push(sql);
      return Promise.resolve({ rows: [], rowCount: 0 });
    },
  } as unknown as Transaction;
  return { tx, told };
}

test("a start that is refused is undone, and the reason is answered", async () => {
  const { tx, told } = noting();
  const refused = () => Promise.reject(new BatonError("conflict", "The flow is archived."));
  expect(await startOrFail(tx, refused)).toEqual({ failed: "The flow is archived." });
  expect(told).toEqual(["savepoint start", "rollback to savepoint start"]);
});

test("a deadlock and a lost database say nothing of the start: all is done again later", async () => {
  for (const code of ["40P01", "P2034", "57P01"]) {
    const error = Object.assign(new Error("gone"), { code });
    await expect(startOrFail(noting().tx, () => Promise.reject(error))).rejects.toBe(error);
  }
});
