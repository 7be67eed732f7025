import { isObject } from "#base/index.ts";
import type { Value } from "../events.ts";
import { done, type Head } from "./head.ts";

/** Changes variables of the run. Its output is what it set. */
export const set: Head<"set"> = {
  kind: "set",
  start(walk, task, path) {
    return { label: Object.keys(task.values).join(", "), data: walk.fill(task.values, path) };
  },
  advance(walk, _task, path) {
    const { data } = walk.at(path);
    if (isObject(data)) walk.emit({ type: "variables-set", path, values: data as Record<string, Value> });
    return done(data);
  },
};
