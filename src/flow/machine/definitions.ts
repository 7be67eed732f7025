import type { Flow, Task } from "../language/definition.ts";
import type { TaskPath } from "./events.ts";
import { childPath, errorsSlot, finallySlot, mainSlot, staticPath } from "./paths.ts";

/** Where a task stands in the flow's text. */
export type Definition = {
  readonly task: Task;
  /** Static path of the container; "" at the root. */
  readonly parent: TaskPath;
};

export type Definitions = {
  readonly byPath: ReadonlyMap<TaskPath, Definition>;
  /** Static path by id. Ids are unique in a flow; of doubled ones the first counts. */
  readonly byId: ReadonlyMap<string, TaskPath>;
};

const known = new WeakMap<Flow, Definitions>();

/** All tasks of a flow by static path. Made once per flow. */
export function definitionsOf(flow: Flow): Definitions {
  let definitions = known.get(flow);
  if (!definitions) {
    definitions = collect(flow);
    known.set(flow, definitions);
  }
  return definitions;
}

export function definitionAt(flow: Flow, path: TaskPath): Task | undefined {
  return definitionsOf(flow).byPath.get(staticPath(path))?.task;
}

/** The blocks of a task's own head (not its handlers), as they stand in the text. */
export function mainBlocks(task: Task): readonly (readonly Task[])[] {
  switch (task.kind) {
    case "sequence":
    case "parallel":
    case "dag":
    case "foreach":
    case "loop":
      return [task.tasks];
    case "if":
      return [task.then, task.else];
    case "switch":
      return [...task.cases.map((one) => one.tasks), task.default];
    default:
      return [];
  }
}

function collect(flow: Flow): Definitions {
  const byPath = new Map<TaskPath, Definition>();
  const byId = new Map<string, TaskPath>();
  const visit = (tasks: readonly Task[], parent: TaskPath, slot: string): void => {
    for (const task of tasks) {
      const path = childPath(parent, slot, task.id);
      if (!byPath.has(path)) byPath.set(path, { task, parent });
      if (!byId.has(task.id)) byId.set(task.id, path);
      for (const block of mainBlocks(task)) visit(block, path, mainSlot);
      visit(task.errors, path, errorsSlot);
      visit(task.finally, path, finallySlot);
    }
  };
  visit(flow.tasks, "", mainSlot);
  visit(flow.errors, "", errorsSlot);
  visit(flow.finally, "", finallySlot);
  return { byPath, byId };
}
