import type { Draft } from "../draft.ts";
import type { AwaitedState, ChildState, CrossingEventBody } from "../crossing.ts";
import type { TaskState } from "../state.ts";
import { noUse, withChild } from "../totals.ts";
import { childSeen } from "./container.ts";
import { fresh } from "./tasks.ts";

/** Folds what a run has to do with others. */
export function applyCrossing(draft: Draft, event: CrossingEventBody, at: number): void {
  draft.run.crosses = true;
  switch (event.type) {
    case "child-requested": {
      const { key, run, request } = event;
      const child: ChildState = {
        key,
        run,
        request,
        requestedAt: at,
        facts: null,
        cancelling: false,
        end: null,
      };
      change(draft, event.path, (task) => ({ children: [...(task.children ?? []), child] }));
      return;
    }
    case "child-started": {
      const { number, flow, title, revision } = event;
      changeChild(draft, event, () => ({ facts: { number, flow, title, revision } }));
      return;
    }
    case "child-ended": {
      const { outcome, outputs, error } = event;
      settle(draft, event);
      changeChild(draft, event, (child) => (child.end ? {} : { end: { at, outcome, outputs, error } }));
      return;
    }
    case "child-retried":
      changeChild(draft, event, ({ retries = 0 }) => ({
        end: null,
        held: false,
        cancelling: false,
        retries: retries + 1,
      }));
      return;
    case "child-cancel-requested":
      changeChild(draft, event, () => ({ cancelling: true }));
      return;
    case "lock-requested": {
      const { path, key, name } = event;
      const previous = draft.task(path);
      draft.putTask({
        ...fresh(draft, previous, event, at),
        status: { name: "locking" },
        lock: { key, name, askedAt: at, grantedAt: null, releasedAt: null },
      });
      if (!previous || previous.finishedAt !== null) childSeen(draft, path, true);
      return;
    }
    case "lock-granted":
      change(draft, event.path, ({ lock }) =>
        lock?.key === event.key ? { lock: { ...lock, grantedAt: lock.grantedAt ?? at } } : {},
      );
      return;
    case "event-awaited": {
      const { key, name, about } = event;
      const awaited: AwaitedState = { key, name, about, received: null };
      change(draft, event.path, () => ({ awaited }));
      return;
    }
    case "event-received": {
      const { payload, by } = event;
      change(draft, event.path, ({ awaited }) =>
        awaited?.key === event.key ? { awaited: { ...awaited, received: { at, payload, by } } } : {},
      );
      return;
    }
    default:
      event satisfies never;
  }
}

/** What a run has used since it was last counted goes into the totals of the task that started it, and of this run. */
function settle(
  draft: Draft,
  { path, key, used }: Extract<CrossingEventBody, { type: "child-ended" }>,
): void {
  const task = draft.task(path);
  const child = task?.children?.find((one) => one.key === key);
  if (!task || !child || child.end || !child.request.waits || used === undefined) return;
  const before = child.settled ?? noUse;
  draft.putTask({ ...task, usage: withChild(task.usage, used, before) });
  draft.run.usage = withChild(draft.run.usage, used, before);
  changeChild(draft, { path, key }, () => ({ settled: used }));
}

function change(draft: Draft, path: string, how: (task: TaskState) => Partial<TaskState>): void {
  const task = draft.task(path);
  if (task) draft.putTask({ ...task, ...how(task) });
}

function changeChild(
  draft: Draft,
  event: { readonly path: string; readonly key: string },
  how: (child: ChildState) => Partial<ChildState>,
): void {
  change(draft, event.path, (task) => ({
    children: (task.children ?? []).map((child) =>
      child.key === event.key ? { ...child, ...how(child) } : child,
    ),
  }));
}
