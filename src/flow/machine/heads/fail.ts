import { isObject } from "#base/index.ts";
import { failed, type Head } from "./head.ts";

/** Fails on purpose. */
export const fail: Head<"fail"> = {
  kind: "fail",
  start(walk, task, path) {
    const message = walk.text(task.message, path);
    return { label: message.slice(0, 120), data: { message } };
  },
  advance(walk, _task, path) {
    const { data } = walk.at(path);
    return failed("task-failed", isObject(data) ? String(data["message"]) : "The flow failed on purpose.");
  },
};
