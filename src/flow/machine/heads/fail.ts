import { failed, type Head } from "./head.ts";
import { textIn } from "./question.ts";

/** Fails on purpose. */
export const fail: Head<"fail"> = {
  kind: "fail",
  start(walk, task, path) {
    const message = walk.text(task.message, path);
    return { label: message.slice(0, 120), data: { message } };
  },
  advance(walk, _task, path) {
    const message = textIn(walk.open(walk.at(path).data), "message");
    return failed("task-failed", message === "" ? "The flow failed on purpose." : message);
  },
};
