import { done, type Head } from "./head.ts";
import { textIn } from "./question.ts";

/** Longest line of a run's log, in characters. */
const longest = 10_000;

export const log: Head<"log"> = {
  kind: "log",
  start(walk, task, path) {
    const message = walk.text(task.message, path).slice(0, longest);
    return { label: message.slice(0, 120), data: { message } };
  },
  advance(walk, task, path) {
    const message = textIn(walk.open(walk.at(path).data), "message");
    walk.emit({ type: "log-written", path, level: task.level, message });
    return done(message);
  },
};
