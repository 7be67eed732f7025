import type { TaskPath } from "../events.ts";
import type { Container, TaskState } from "../state.ts";

type Readable = { task(path: TaskPath): TaskState | undefined; readonly run: { readonly root: Container } };

/** The tasks that are not over, parents before their children. Costs as much as there are. */
export function openTasks(from: Readable): readonly TaskState[] {
  const found: TaskState[] = [];
  const visit = (container: Container): void => {
    for (const path of container.open) {
      const task = from.task(path);
      if (!task) continue;
      found.push(task);
      visit(task.inside);
    }
  };
  visit(from.run.root);
  return found;
}
