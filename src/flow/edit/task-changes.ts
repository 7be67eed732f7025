import type { Json } from "#base/index.ts";
import { blocksOf } from "../language/blocks.ts";
import type { Flow, Task } from "../language/definition.ts";
import { canonicalJson } from "../values/canonical.ts";

/** What became of a task between two texts of a flow. */
export type TaskChange = "added" | "removed" | "changed" | "moved";

/** By the place of the task in each of the two: what was there alone or is otherwise, and what is new or is otherwise. */
export type TaskChanges = {
  readonly before: Readonly<Record<string, TaskChange>>;
  readonly after: Readonly<Record<string, TaskChange>>;
};

type Known = {
  readonly path: string;
  /** The task without the tasks that it holds. */
  readonly own: string;
  /** The list that it stands in. */
  readonly list: string;
};

/**
 * Which tasks differ, by their ids. One that holds others has changed where it differs itself; those that it holds tell their own.
 * One that stands elsewhere, in another list or at another turn among those that both lists have, was moved.
 */
export function taskChanges(before: Flow, after: Flow): TaskChanges {
  const old = tasksOf(before);
  const fresh = tasksOf(after);
  const turned = turnedAround(old, fresh);
  const found = { before: {} as Record<string, TaskChange>, after: {} as Record<string, TaskChange> };
  for (const [id, { path }] of old) if (!fresh.has(id)) found.before[path] = "removed";
  for (const [id, now] of fresh) {
    const then = old.get(id);
    if (then === undefined) {
      found.after[now.path] = "added";
      continue;
    }
    const isMoved = then.list !== now.list || turned.has(id);
    const change = then.own === now.own ? (isMoved ? "moved" : undefined) : "changed";
    if (change === undefined) continue;
    found.before[then.path] = change;
    found.after[now.path] = change;
  }
  return found;
}

function tasksOf(flow: Flow): ReadonlyMap<string, Known> {
  const found = new Map<string, Known>();
  const visit = (tasks: readonly Task[], prefix: string, list: string): void => {
    for (const task of tasks) {
      const path = prefix + task.id;
      const blocks = blocksOf(task);
      if (!found.has(task.id)) found.set(task.id, { path, own: ownText(task), list });
      for (const { name, tasks: held } of blocks) {
        const isHandler = name === "errors" || name === "finally";
        visit(held, `${path}/${isHandler ? `!${name}/` : ""}`, `${task.id} ${name}`);
      }
    }
  };
  visit(flow.tasks, "", "tasks");
  visit(flow.errors, "!errors/", "errors");
  visit(flow.finally, "!finally/", "finally");
  return found;
}

/** A task as canonical text, with its lists of tasks left out. */
function ownText(task: Task): string {
  const lists = new Set<unknown>(blocksOf(task).map((block) => block.tasks));
  const strip = (value: unknown): Json => {
    if (lists.has(value)) return [];
    if (Array.isArray(value)) return value.map(strip);
    if (value === null || typeof value !== "object") return (value ?? null) as Json;
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, item]) => (item === undefined ? [] : [[name, strip(item)]])),
    );
  };
  return canonicalJson(strip(task));
}

/** Ids of tasks that stand in the same list as before, but at another turn among those that both have. */
function turnedAround(
  old: ReadonlyMap<string, Known>,
  fresh: ReadonlyMap<string, Known>,
): ReadonlySet<string> {
  const lists = new Map<string, string[]>();
  for (const [id, { list }] of old) {
    if (fresh.get(id)?.list === list) lists.set(list, [...(lists.get(list) ?? []), id]);
  }
  const turn = new Map([...fresh.keys()].map((id, index) => [id, index]));
  const turned = new Set<string>();
  for (const ids of lists.values()) {
    const kept = longestRising(ids.map((id) => turn.get(id) ?? 0));
    ids.forEach((id, index) => {
      if (!kept.has(index)) turned.add(id);
    });
  }
  return turned;
}

/** Indexes of a longest rising run of numbers, not side by side: what need not have been moved. */
function longestRising(numbers: readonly number[]): ReadonlySet<number> {
  const length: number[] = [];
  const from: number[] = [];
  numbers.forEach((number, index) => {
    length[index] = 1;
    from[index] = -1;
    for (let other = 0; other < index; other += 1) {
      if ((numbers[other] ?? 0) < number && (length[other] ?? 0) + 1 > (length[index] ?? 0)) {
        length[index] = (length[other] ?? 0) + 1;
        from[index] = other;
      }
    }
  });
  const kept = new Set<number>();
  for (let at = length.indexOf(Math.max(0, ...length)); at >= 0; at = from[at] ?? -1) kept.add(at);
  return kept;
}
