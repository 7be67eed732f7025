import { isObject } from "#base/index.ts";
import type { Value } from "../events.ts";
import { cut } from "../walk/walk.ts";
import { done, type Head } from "./head.ts";
import { textIn } from "./question.ts";

/** Longest message, in characters. */
const longest = 1_000;

/** Ends the run early. Where the run is ending already, it changes nothing. */
export const stop: Head<"stop"> = {
  kind: "stop",
  start(walk, task, path) {
    const message = cut(walk.text(task.message, path), longest);
    const outputs = task.outputs === undefined ? null : walk.fill(task.outputs, path);
    return { label: message, data: { message, outputs } };
  },
  advance: (walk, _task, path) => done(textIn(walk.open(walk.at(path).data), "message")),
  stops(walk, task, path) {
    const data = walk.open(walk.at(path).data);
    const given = isObject(data) ? data["outputs"] : null;
    const outputs = isObject(given) ? (given as Record<string, Value>) : null;
    return { state: task.state, message: textIn(data, "message"), outputs };
  },
};
