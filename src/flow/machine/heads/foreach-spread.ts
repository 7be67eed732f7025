import { isObject, type Json } from "#base/index.ts";
import type { Limits } from "../../language/definition.ts";
import type { ChildState } from "../crossing.ts";
import { definitionsOf } from "../definitions.ts";
import type { TaskPath, Value } from "../events.ts";
import { reachOf } from "../part.ts";
import { staticPath } from "../paths.ts";
import { grantOf } from "../grant.ts";
import { requestRun, stopRuns } from "../walk/children.ts";
import { errorFor, seedOf } from "../walk/scope.ts";
import type { Walk } from "../walk/walk.ts";
import { childError } from "./flow.ts";
import { done, open, type Outcome, type TaskOf } from "./head.ts";

/** Most items that one run goes through itself. More are spread over runs of their own. */
export const mostInOneRun = 200;
/** Most runs of one `foreach` that are under way at once. */
const mostRunsAtOnce = 16;

/** How a `foreach` is spread: items a run, runs at once, and the items at once of each of them. */
export type Spread = { readonly size: number; readonly runs: number; readonly concurrency: number };

/** How many items go to each run; undefined where the run goes through them itself. */
export function spreadOf(walk: Walk, task: TaskOf<"foreach">, items: number): Spread | undefined {
  if (items <= mostInOneRun || walk.draft.run.part !== undefined) return undefined;
  if (reachOf(walk.flow, task).bound || stopsWithin(walk, task)) return undefined;
  const count = Math.ceil(items / mostInOneRun);
  const size = Math.ceil(items / count);
  const concurrency = Math.max(1, task.concurrency);
  // Where the loop may break off, nothing behind that point may have begun: one run after the other.
  const runs = task.breakWhen === undefined ? Math.min(concurrency, count, mostRunsAtOnce) : 1;
  return { size, runs, concurrency: Math.max(1, Math.floor(concurrency / runs)) };
}

/** Whether the run ends with a task of this loop: then it has to be the run's own. */
function stopsWithin(walk: Walk, task: TaskOf<"foreach">): boolean {
  const { sandbox } = walk.draft.run;
  const path = definitionsOf(walk.flow).byId.get(task.id) ?? task.id;
  return sandbox?.until?.startsWith(`${path}/`) ?? false;
}

export function readSpread(data: Json): Spread | undefined {
  const spread = isObject(data) ? data["spread"] : undefined;
  return isObject(spread) ? (spread as unknown as Spread) : undefined;
}

/** Carries a spread `foreach` on: starts runs while there is room, and gathers what they yield, in order. */
export function advanceSpread(
  walk: Walk,
  task: TaskOf<"foreach">,
  path: TaskPath,
  items: readonly Json[],
  spread: Spread,
): Outcome {
  for (;;) {
    const children = walk.at(path).children ?? [];
    const held = children.find((child) => child.held);
    const ended = children.filter((child) => child.end !== null && !child.held);
    const failed = ended.find((child) => child.end?.outcome !== "succeeded");
    if (failed?.end && task.failFast) {
      if (!stopRuns(walk, path)) return open;
      return { name: "failed", error: childError(path, failed, failed.end) };
    }
    const broken = ended.some((child) => valueOf(walk, child, "broke") === true);
    const from = children.length * spread.size;
    const begun = children.filter((child) => child.end === null && !child.held).length;
    if (held && begun < spread.runs) {
      walk.emit({ type: "child-retried", path, key: held.key });
      continue;
    }
    if (!broken && !held && from < items.length && begun < spread.runs) {
      const parts = Math.ceil((items.length - from) / spread.size) + begun;
      const limits = grantOf(walk, path, Math.min(spread.runs, parts));
      if (limits === "wait") return open;
      request(walk, task, path, items.slice(from, from + spread.size), from, spread, limits);
      continue;
    }
    if (ended.length < children.length) return open;
    if (failed?.end) return { name: "failed", error: childError(path, failed, failed.end) };
    return done(children.flatMap((child) => listOf(valueOf(walk, child, "items"))) as Value);
  }
}

function request(
  walk: Walk,
  task: TaskOf<"foreach">,
  path: TaskPath,
  items: readonly Json[],
  from: number,
  { concurrency }: Spread,
  limits: Limits,
): void {
  const { tasks } = reachOf(walk.flow, task);
  requestRun(walk, path, `part-${from}`, {
    flow: "",
    revision: null,
    with: {},
    waits: true,
    limits,
    part: {
      path: staticPath(path),
      from,
      items: items as Json,
      concurrency,
      tasks: Object.fromEntries(tasks.map((id) => [id, seedOf(walk, path, id)])),
      error: errorFor(walk, path),
    },
  });
}

function valueOf(walk: Walk, child: ChildState, name: string): Json {
  const outputs = walk.open(child.end?.outputs ?? null);
  if (!isObject(outputs)) return null;
  return walk.open((outputs[name] as Value | undefined) ?? null);
}

function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}
