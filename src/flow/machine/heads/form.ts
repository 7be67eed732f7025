import { withdraw } from "../walk/life.ts";
import { done, failed, type Head, open } from "./head.ts";
import { askOnce, isLate, textIn } from "./question.ts";

/** A person fills in fields. Its output is the answer; null when nobody answered and `onTimeout` is `continue`. */
export const form: Head<"form"> = {
  kind: "form",
  ownTimeout: true,
  start(walk, task, path) {
    const title = walk.text(task.question, path);
    return { label: title, data: { title } };
  },
  advance(walk, task, path) {
    const asked = askOnce(walk, path, task, () => ({
      kind: "form",
      title: textIn(walk.open(walk.at(path).data), "title"),
      by: task.by,
      details: null,
      decisions: [{ decision: "submit", label: "Send", tone: "primary" }],
      fields: task.fields.schema,
      comment: "never",
      risk: null,
      call: null,
    }));
    if (!asked) return open;
    if (isLate(walk, path, asked)) {
      withdraw(walk, path, "Nobody answered before the deadline.");
      if (task.onTimeout === "continue") return done(null);
      return failed("deadline", `Nobody answered "${task.id}" before its deadline.`);
    }
    return asked.end?.name === "decided" ? done(asked.end.answer) : open;
  },
};
