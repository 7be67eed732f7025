import type { Flow, Task } from "#flow/index.ts";

/** The task that a path leads to: the last id of it, wherever it stands in the flow (ids are unique). */
export function taskAt(flow: Flow, path: string): Task | undefined {
  const id = path
    .split("/")
    .at(-1)
    ?.replace(/\[\d+\]$/, "");
  const find = (tasks: readonly Task[]): Task | undefined => {
    for (const task of tasks) {
      if (task.id === id) return task;
      const found = find(childrenOf(task));
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return find([...flow.tasks, ...flow.errors, ...flow.finally]);
}

function childrenOf(task: Task): readonly Task[] {
  const handlers = [...task.errors, ...task.finally];
  switch (task.kind) {
    case "sequence":
    case "parallel":
    case "dag":
    case "foreach":
    case "loop":
      return [...task.tasks, ...handlers];
    case "if":
      return [...task.then, ...task.else, ...handlers];
    case "switch":
      return [...task.cases.flatMap((one) => one.tasks), ...task.default, ...handlers];
    default:
      return handlers;
  }
}
