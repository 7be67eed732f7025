import type { TaskPath } from "#flow/machine/index.ts";

/** One place in the trace: a task, an iteration of a loop (`each[2]`), or a handler's block (`settle/!errors`). */
export type Place =
  | { readonly kind: "task"; readonly path: TaskPath; readonly id: string }
  | { readonly kind: "iteration"; readonly path: TaskPath; readonly id: string; readonly index: number }
  | { readonly kind: "block"; readonly path: TaskPath; readonly id: string };

/**
 * The places from the root down to the task at `path`, itself last. `each[2]/greet` answers the task `each`, its
 * iteration `each[2]` and the task `each[2]/greet`.
 */
export function placesOf(path: TaskPath): readonly Place[] {
  const places: Place[] = [];
  let prefix = "";
  for (const segment of path.split("/")) {
    const here = prefix === "" ? segment : `${prefix}/${segment}`;
    const iteration = /^(.*)\[(\d+)\]$/.exec(segment);
    if (segment.startsWith("!")) {
      places.push({ kind: "block", path: here, id: segment });
    } else if (iteration !== null) {
      const id = iteration[1] ?? segment;
      const task = here.slice(0, here.lastIndexOf("["));
      places.push({ kind: "task", path: task, id });
      places.push({ kind: "iteration", path: here, id, index: Number(iteration[2]) });
    } else {
      places.push({ kind: "task", path: here, id: segment });
    }
    prefix = here;
  }
  return places;
}

/** The path without the indexes of iterations: the task's place in the flow's text. */
export function staticPathOf(path: TaskPath): string {
  return path.replace(/\[\d+\]/g, "");
}

/** Whether `path` is `ancestor` or lies under it. */
export function isWithin(path: TaskPath, ancestor: TaskPath): boolean {
  return path === ancestor || path.startsWith(`${ancestor}/`) || path.startsWith(`${ancestor}[`);
}

/** Words for a handler's block. */
export function blockTitle(id: string): string {
  if (id === "!errors") return "when it failed";
  if (id === "!finally") return "in the end";
  return id.replace(/^!/, "");
}
