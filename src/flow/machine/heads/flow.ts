import { BatonError, isObject, type JsonObject } from "#base/index.ts";
import { deepest, type ChildState } from "../crossing.ts";
import type { TaskError, TaskPath } from "../events.ts";
import { grantOf } from "../grant.ts";
import { requestRun } from "../walk/children.ts";
import { done, type Head, open, type Outcome } from "./head.ts";

/** Starts a run of another flow. Its output: the run's outputs, or which run it is where it is not waited for. */
export const flow: Head<"flow"> = {
  kind: "flow",
  start(walk, task, path) {
    if ((walk.draft.run.parent?.depth ?? 0) >= deepest) {
      throw new BatonError(
        "limit-reached",
        `Runs stand ${deepest} deep below one another; this would be one more.`,
        {
          hint: "Look for a flow that starts itself without an end.",
        },
      );
    }
    return { label: task.flow, data: { with: walk.fill(task.with as JsonObject, path) } };
  },
  advance(walk, task, path) {
    const state = walk.at(path);
    const child = state.children?.at(-1);
    if (child?.held) {
      walk.emit({ type: "child-retried", path, key: child.key });
      return open;
    }
    if (!child) {
      const limits = task.detach ? undefined : grantOf(walk, path);
      if (limits === "wait") return open;
      const data = walk.open(state.data);
      requestRun(walk, path, "run", {
        flow: task.flow,
        revision: task.revision ?? null,
        with: isObject(data) ? ((data["with"] ?? {}) as JsonObject) : {},
        waits: !task.detach,
        part: null,
        ...(limits === undefined ? {} : { limits }),
      });
      return open;
    }
    if (child.end) return childOutcome(path, child, child.end);
    if (!child.request.waits && child.facts) {
      const { flow: id, number } = child.facts;
      return done({ run: child.run, flow: id, number });
    }
    return open;
  },
};

/** What the end of a run means to the task that waited for it. */
export function childOutcome(
  path: TaskPath,
  child: ChildState,
  end: NonNullable<ChildState["end"]>,
): Outcome {
  if (end.outcome === "succeeded") return done(end.outputs ?? {});
  return { name: "failed", error: childError(path, child, end) };
}

export function childError(
  path: TaskPath,
  child: ChildState,
  end: NonNullable<ChildState["end"]>,
): TaskError {
  const { facts } = child;
  if (end.error && facts === null) return { ...end.error, task: path };
  const name = facts === null ? "The run" : `Run #${facts.number} of ${facts.title}`;
  if (end.outcome === "cancelled") {
    return { code: "child-cancelled", message: `${name} was cancelled.`, task: path };
  }
  const error = end.error ?? { code: "task-failed", message: "It failed." };
  return {
    ...error,
    message: child.request.part ? error.message : `${name} failed: ${error.message}`,
    task: path,
  };
}
