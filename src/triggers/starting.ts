import { isBrokenConnection, isLostRace, type Transaction } from "#platform/index.ts";
import { reasonOf } from "./outcomes.ts";
import type { StartedRun } from "./spec.ts";

/**
 * Makes a run within a transaction that goes on when the run is refused: what the refused start wrote is undone, and
 * the reason is answered. What says nothing of the start, such as a deadlock, is thrown: all of it is done again later.
 */
export async function startOrFail(
  tx: Transaction,
  start: (tx: Transaction) => Promise<StartedRun>,
): Promise<StartedRun | { readonly failed: string }> {
  await tx.query("savepoint start");
  try {
    const started = await start(tx);
    await tx.query("release savepoint start");
    return started;
  } catch (error) {
    if (isBrokenConnection(error) || isLostRace(error)) throw error;
    const failed = reasonOf(error);
    await tx.query("rollback to savepoint start");
    return { failed };
  }
}
