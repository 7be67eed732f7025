import { BatonError, type RunId } from "#base/index.ts";
import { authorize, runPolicy, writeAudit, type Scope } from "#governance/index.ts";
import { transaction, type Database, type Transaction } from "#platform/index.ts";
import { isQueued } from "./crossing.ts";
import { getRun, type RunListing } from "./reads.ts";
import { cancelInTransaction, makeInboxId, reopenInTransaction, signalInTransaction } from "./wake.ts";

/** What people may do with a run that there is. */
export const runControls = ["pause", "resume", "cancel", "retry"] as const;
export type RunControl = (typeof runControls)[number];

/** What the audit calls it. */
const actions: Readonly<Record<RunControl, string>> = {
  pause: "run.pause-requested",
  resume: "run.resume-requested",
  cancel: "run.cancel-requested",
  retry: "run.retried",
};

/**
 * Steers a run in the name of the scope's actor: the signal and the audit are one transaction. Fails with "not-found"
 * for a run of another workspace, with "conflict" where the run is not one that this can be done with (over, not over,
 * succeeded), and with "forbidden" without the permission. `alongside` is done in the same transaction.
 */
export async function controlRun(
  db: Database,
  scope: Scope,
  control: RunControl,
  id: RunId,
  reason: string,
  alongside?: (tx: Transaction) => Promise<void>,
): Promise<void> {
  authorize(scope, runPolicy[control]);
  const run = await getRun(db, scope, id);
  refuse(control, run);
  await transaction(db, async (tx) => {
    await controlInTransaction(tx, scope, control, run, reason);
    await alongside?.(tx);
  });
}

async function controlInTransaction(
  tx: Transaction,
  scope: Scope,
  control: RunControl,
  run: RunListing,
  reason: string,
): Promise<void> {
  if (control === "pause" && (await isQueued(tx, run.id))) {
    throw new BatonError("conflict", "The run waits for its turn: there is nothing to pause yet.", {
      hint: "Cancel it, or pause it when it has begun.",
    });
  }
  if (!(await send(tx, scope, control, run, reason))) {
    // Asked a moment ago by somebody else, or over by now.
    if (control === "retry") throw underWay(run);
    return;
  }
  await writeAudit(tx, scope, {
    action: actions[control],
    subject: { kind: "run", id: run.id },
    runId: run.id,
    body: control === "resume" ? {} : { reason },
  });
}

function send(
  tx: Transaction,
  scope: Scope,
  control: RunControl,
  run: RunListing,
  reason: string,
): Promise<boolean> {
  const { actor } = scope;
  const by = { kind: actor.kind, id: actor.id, name: actor.name };
  switch (control) {
    case "cancel":
      return cancelInTransaction(tx, run.id, { kind: "cancel", by, reason });
    case "retry":
      return reopenInTransaction(tx, run.id, `retry:${makeInboxId()}`, { kind: "retry", by, reason });
    case "pause":
      return signalInTransaction(tx, run.id, `pause:${makeInboxId()}`, { kind: "pause", by, reason });
    case "resume":
      return signalInTransaction(tx, run.id, `resume:${makeInboxId()}`, { kind: "resume", by });
  }
}

function refuse(control: RunControl, run: RunListing): void {
  const isOver = run.finishedAt !== null;
  if (control === "retry") {
    if (!isOver) throw underWay(run);
    if (run.state === "succeeded") {
      throw new BatonError("conflict", "The run succeeded: there is nothing in it to try again.", {
        hint: "Fork it from one of its tasks, or start a new run.",
      });
    }
    return;
  }
  if (isOver) {
    const how = run.state === "cancelled" ? "was cancelled" : run.state;
    const what = run.state === "dead-lettered" ? "it was set aside" : `it ${how}`;
    throw new BatonError("conflict", `The run is over already: ${what}.`, {
      hint: control === "cancel" ? "There is nothing left to cancel." : "Retry it, or start a new run.",
    });
  }
  if (control === "pause" && run.state === "cancelling") {
    throw new BatonError("conflict", "The run is being cancelled, and can't be paused any more.", {
      hint: "Wait until it is over; then it can be retried.",
    });
  }
}

function underWay(run: RunListing): BatonError {
  return new BatonError("conflict", `Run ${run.number} is under way: there is nothing to try again yet.`, {
    hint: "Somebody may have retried it a moment ago. Follow it on its page.",
  });
}
