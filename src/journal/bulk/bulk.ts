import { BatonError, type RunId, type UserId, type WorkspaceId } from "#base/index.ts";
import {
  authorize,
  newId,
  runPolicy,
  scopeOfMember,
  systemScope,
  writeAudit,
  type Scope,
} from "#governance/index.ts";
import { notify, transaction, type Database } from "#platform/index.ts";
import { controlRun } from "../control.ts";
import type { RunFilter } from "../reads.ts";
import { addJob, type NewJob } from "../wake.ts";
import * as store from "./store.ts";

export const bulkActions = ["cancel", "retry", "pause", "resume"] as const;
export type BulkAction = (typeof bulkActions)[number];

const noneHints: Readonly<Record<BulkAction, string>> = {
  cancel: "They are over already.",
  retry: "Only runs that failed or were cancelled can be retried.",
  pause: "Only runs that are under way can be paused.",
  resume: "Only runs that are paused can go on.",
};

/** The runs that a job is about: those named, or all that match and that the action can do something with. */
export type BulkSelection =
  | { readonly ids: readonly string[] }
  | { readonly filter: Pick<RunFilter, "flow" | "state" | "startedBy" | "labels" | "sandbox"> };

/** How a job stands. Instants are epoch milliseconds. */
export type BulkJob = {
  id: string;
  action: BulkAction;
  by: { id: string; name: string };
  total: number;
  done: number;
  failed: number;
  createdAt: number;
  finishedAt: number | null;
  /** Runs with which it could not be done, and why; at most 50. */
  failures: { run: string; number: number; flowTitle: string; message: string }[];
};

/** Runs of one job at most. */
export const mostRuns = 10_000;
/** Items after which the progress is told. */
const step = 20;
/** Steps after which a worker leaves the rest to whoever is free: a job that is held for long is taken for lost. */
const mostSteps = 25;

/**
 * Begins to do something with many runs: the job, its items, its place in the queue and the audit are one transaction,
 * and workers carry it on from there. Fails with "bad-input" where no run fits.
 */
export async function startBulk(
  db: Database,
  scope: Scope,
  action: BulkAction,
  selection: BulkSelection,
  reason: string,
): Promise<{ id: string; total: number }> {
  authorize(scope, runPolicy[action]);
  const id = newId("bulk");
  return transaction(db, async (tx) => {
    const total = await store.insertJob(scope, tx, { id, action, reason }, selection, mostRuns);
    if (total === 0) {
      throw new BatonError("bad-input", `There is no run to ${action} among these.`, {
        hint: noneHints[action],
      });
    }
    await addJob(tx, jobOf(scope.workspaceId, id));
    await writeAudit(tx, scope, {
      action: `bulk.${action}-requested`,
      subject: { kind: "bulk", id },
      body: { total, reason, ...("ids" in selection ? {} : { filter: { ...selection.filter } }) },
    });
    await tell(tx, scope, id);
    return { id, total };
  });
}

/** The last jobs of the workspace, newest first. */
export async function listBulk(db: Database, scope: Scope): Promise<BulkJob[]> {
  authorize(scope, runPolicy.see);
  return store.readJobs(scope, db, 5);
}

/**
 * Works a job off, from where it stands: each run's signal and its item's end are one transaction, so that whoever
 * carries it on after a crash does nothing twice. Each run is asked for in the name of whoever began the job, with the
 * rights that they have at that moment. A worker that stops leaves the rest to another.
 */
export async function carryBulk(
  db: Database,
  workspace: WorkspaceId,
  id: string,
  isStopping: () => boolean,
): Promise<void> {
  const own = systemScope(workspace, "bulk");
  const job = await store.readOpenJob(own, db.pool, id);
  if (job === null) return;
  for (let steps = 0; ; steps += 1) {
    const runs = await store.pendingItems(own, db.pool, id, step);
    if (runs.length === 0) break;
    if (isStopping() || steps >= mostSteps) {
      await addJob(db.pool, jobOf(workspace, id));
      return;
    }
    // Asked for anew with each step: somebody may have lost the right meanwhile.
    const scope = await scopeOfMember(db, workspace, job.byId as UserId);
    for (const run of runs) {
      const message = await carryItem(db, scope, job, run);
      if (message !== null) {
        await transaction(db, (tx) => store.endItem(own, tx, id, run, message));
      }
    }
    await tell(db.pool, own, id);
  }
  await store.finishJob(own, db.pool, id);
  await tell(db.pool, own, id);
}

/** Null, or why it could not be done. What is no answer about the run is thrown: the job is tried again. */
async function carryItem(
  db: Database,
  scope: Scope | null,
  job: store.JobRow,
  run: RunId,
): Promise<string | null> {
  if (scope === null) return "Whoever asked for it is no longer a member of the workspace.";
  try {
    const action = job.action as BulkAction;
    await controlRun(db, scope, action, run, job.reason, async (tx) => {
      if (await store.endItem(scope, tx, job.id, run, null)) return;
      throw new BatonError("conflict", "It was done before.");
    });
    return null;
  } catch (error) {
    if (!BatonError.isInstance(error)) throw error;
    return error.message;
  }
}

function jobOf(workspace: WorkspaceId, job: string): NewJob {
  return { task: "bulk", key: `bulk:${job}`, payload: { workspace, job } };
}

function tell(tx: Parameters<typeof notify>[0], scope: Scope, id: string): Promise<void> {
  return notify(tx, "workspace", `${scope.workspaceId} bulk ${id}`);
}
