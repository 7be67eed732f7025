import type { HeadKey, Task } from "../../language/definition.ts";
import type { TaskError, TaskPath, Value } from "../events.ts";
import type { StopOrder } from "../walk/stop.ts";
import type { Walk } from "../walk/walk.ts";

export type TaskOf<K extends HeadKey> = Extract<Task, { kind: K }>;

/** How a task stands after its head was carried on as far as it goes. */
export type Outcome =
  | { readonly name: "open" }
  | { readonly name: "done"; readonly output: Value }
  | { readonly name: "failed"; readonly error: TaskError; readonly retryAfterMs?: number };

export const open: Outcome = { name: "open" };

export function done(output: Value): Outcome {
  return { name: "done", output };
}

export function failed(code: string, message: string, hint?: string): Outcome {
  return { name: "failed", error: hint === undefined ? { code, message } : { code, message, hint } };
}

/**
 * One head key of the language. The common life of a task (conditions, retries, timeouts, handlers, cancelling) is
 * not its business: see `walk/life.ts`.
 */
export type Head<K extends HeadKey> = {
  readonly kind: K;
  /** Evaluates the head's values. What it throws makes the task fail. */
  start(walk: Walk, task: TaskOf<K>, path: TaskPath): { readonly label: string; readonly data: Value };
  /** Carries the head on: emits what follows from the state and tells how the task stands. May throw. */
  advance(walk: Walk, task: TaskOf<K>, path: TaskPath): Outcome;
  /** How it ends the run, once it is done; for tasks that do. */
  stops?(walk: Walk, task: TaskOf<K>, path: TaskPath): StopOrder;
  /** Whether `timeout` is the head's own business (a deadline) instead of a reason to fail. */
  readonly ownTimeout?: boolean | ((task: TaskOf<K>) => boolean);
  /** How many of its children may be under way at once; any number when left out. */
  room?(task: TaskOf<K>): number;
};

/** A head without its type parameter, as the table answers it. */
export type AnyHead = {
  readonly kind: HeadKey;
  start(walk: Walk, task: Task, path: TaskPath): { readonly label: string; readonly data: Value };
  advance(walk: Walk, task: Task, path: TaskPath): Outcome;
  stops?(walk: Walk, task: Task, path: TaskPath): StopOrder;
  readonly ownTimeout?: boolean | ((task: Task) => boolean);
  room?(task: Task): number;
};
