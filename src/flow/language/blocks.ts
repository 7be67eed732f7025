import type { Task } from "./definition.ts";

/** A list of tasks below a task. `name` is its key; a case's is `case:` and its value. */
export type Block = { readonly name: string; readonly tasks: readonly Task[] };

/** The lists of tasks below a task, in the order in which they could be carried out. */
export function blocksOf(task: Task): readonly Block[] {
  const handlers = [
    { name: "errors", tasks: task.errors },
    { name: "finally", tasks: task.finally },
  ];
  switch (task.kind) {
    case "sequence":
    case "parallel":
    case "dag":
    case "foreach":
    case "loop":
      return [{ name: "tasks", tasks: task.tasks }, ...handlers];
    case "if":
      return [{ name: "then", tasks: task.then }, { name: "else", tasks: task.else }, ...handlers];
    case "switch":
      return [
        ...task.cases.map((one) => ({ name: `case:${one.value}`, tasks: one.tasks })),
        { name: "default", tasks: task.default },
        ...handlers,
      ];
    default:
      return handlers;
  }
}
