import type { RunId, WorkspaceId } from "#base/index.ts";
import {
  openTasksOf,
  type Obligation,
  type RunEventBody,
  type RunState,
  type TaskState,
} from "#flow/machine/index.ts";
import type { EngineOptions } from "../ports.ts";

type Context = {
  readonly options: EngineOptions;
  readonly run: RunId;
  readonly workspace: WorkspaceId;
  readonly epoch: number;
};

const system = { kind: "system", id: "engine", name: "Baton" } as const;

/**
 * Says beyond the run what was journaled: places in lines for locks and events, and that a run is to stop; gives up what a
 * task had when it is over. `recorded` answers the state after the events. All of it may be said again.
 */
export function carryCrossings(
  events: readonly RunEventBody[],
  recorded: () => RunState,
  { options: { journal }, run, workspace, epoch }: Context,
): Promise<unknown>[] {
  const work: Promise<unknown>[] = [];
  let known: RunState | undefined;
  const state = (): RunState => (known ??= recorded());
  for (const event of events) {
    switch (event.type) {
      case "lock-requested": {
        const { path, key, name } = event;
        if (isOver(state().tasks[path]) || state().sandbox) break;
        work.push(journal.askLock({ workspace, run, epoch, path, key, name }));
        break;
      }
      case "event-awaited": {
        const { path, key, name, about } = event;
        if (isOver(state().tasks[path]) || state().sandbox) break;
        work.push(journal.awaitEvent({ workspace, run, epoch, path, key, name, about }));
        break;
      }
      case "child-cancel-requested": {
        const child = state().tasks[event.path]?.children?.find((one) => one.key === event.key);
        if (child) work.push(cancel(journal, child.run));
        break;
      }
      case "child-started": {
        // It began while this run was paused.
        const child = state().tasks[event.path]?.children?.find((one) => one.key === event.key);
        if (child?.request.waits && state().paused) work.push(passOn(journal, run, child.run, state()));
        break;
      }
      case "child-retried": {
        const child = state().tasks[event.path]?.children?.find((one) => one.key === event.key);
        if (child) work.push(retry(journal, run, child));
        break;
      }
      case "run-paused":
      case "run-resumed":
        for (const child of childrenOf(state())) work.push(passOn(journal, run, child, state()));
        break;
      case "task-succeeded":
      case "task-failed":
      case "task-failing":
      case "task-retrying":
      case "task-cancelled": {
        const task = state().tasks[event.path];
        if (task?.lock && isOver(task)) work.push(journal.releaseLock(task.lock.key));
        if (task?.awaited?.received === null) work.push(journal.stopAwaiting(run, task.awaited.key));
        break;
      }
      default:
    }
  }
  return work;
}

/** Says again what an earlier segment may not have come to say. */
export function repeatCrossings(
  obligations: readonly Obligation[],
  state: RunState,
  { options: { journal }, run, workspace, epoch }: Context,
): Promise<unknown>[] {
  const work: Promise<unknown>[] = [];
  for (const obligation of obligations) {
    if (state.sandbox && (obligation.kind === "lock" || obligation.kind === "event")) continue;
    if (obligation.kind === "lock") {
      const { path, key, name } = obligation;
      work.push(journal.askLock({ workspace, run, epoch, path, key, name }));
    } else if (obligation.kind === "event") {
      const { path, key, name, about } = obligation;
      work.push(journal.awaitEvent({ workspace, run, epoch, path, key, name, about }));
    } else if (obligation.kind === "child") {
      work.push(sayAgain(journal, run, obligation, state));
    }
  }
  for (const task of Object.values(state.tasks)) {
    if (!isOver(task)) continue;
    if (task.lock) work.push(journal.releaseLock(task.lock.key));
    if (task.awaited?.received === null) work.push(journal.stopAwaiting(run, task.awaited.key));
  }
  return work;
}

/** Runs that have begun and are waited for. */
function childrenOf(state: RunState): readonly string[] {
  return openTasksOf(state).flatMap(({ children = [] }) =>
    children
      .filter(({ end, held, facts, request }) => !end && !held && facts !== null && request.waits)
      .map((child) => child.run),
  );
}

/** Tells a run that the one which waits for it is paused, or goes on. Said again, it means the same. */
async function passOn(
  journal: EngineOptions["journal"],
  run: RunId,
  child: string,
  { paused, pauses = 0 }: RunState,
): Promise<void> {
  const above = true;
  if (paused) {
    const { by, reason } = paused;
    await journal.signal(child as RunId, `pause:${run}:${pauses}`, { kind: "pause", by, reason, above });
  } else if (pauses > 0) {
    await journal.signal(child as RunId, `resume:${run}:${pauses}`, { kind: "resume", by: system, above });
  }
}

async function sayAgain(
  journal: EngineOptions["journal"],
  run: RunId,
  child: Extract<Obligation, { kind: "child" }>,
  state: RunState,
): Promise<void> {
  if (child.retries > 0) await retry(journal, run, child);
  await passOn(journal, run, child.run, state);
  if (child.cancelling) await cancel(journal, child.run);
}

/** Takes a run up again that did not succeed; one that has succeeded meanwhile tells so. */
function retry(
  journal: EngineOptions["journal"],
  parent: RunId,
  { run, key, retries = 0 }: { readonly run: string; readonly key: string; readonly retries?: number },
): Promise<void> {
  const reason = "The run that waits for this one was retried.";
  const source = `retry:${key}:${retries}`;
  return journal.reopenChild(
    { run: run as RunId, parent, key, source },
    { kind: "retry", by: system, reason },
  );
}

function cancel(journal: EngineOptions["journal"], child: string): Promise<void> {
  const reason = "The task that waited for this run no longer does.";
  return journal.cancelRun(child as RunId, { kind: "cancel", by: system, reason });
}

function isOver(task: TaskState | undefined): boolean {
  return task === undefined || task.finishedAt !== null;
}
