import type { JsonObject } from "#base/index.ts";
import type { TaskPath } from "../events.ts";
import { schemaOf } from "../walk/asks.ts";
import { withdraw } from "../walk/life.ts";
import type { Walk } from "../walk/walk.ts";
import { done, failed, type Head, open, type Outcome, type TaskOf } from "./head.ts";
import { askOnce, decidedOutput, isLate, textIn, valueIn } from "./question.ts";

/** A person decides. Its output: `{ decision, by, comment, answer }`. */
export const approval: Head<"approval"> = {
  kind: "approval",
  ownTimeout: true,
  start(walk, task, path) {
    const title = walk.text(task.question, path);
    const details = task.details === undefined ? null : walk.fill(task.details, path);
    const approve = walk.text(task.decisions.approve, path);
    const reject = walk.text(task.decisions.reject, path);
    return { label: title, data: { title, details, approve, reject } };
  },
  advance(walk, task, path) {
    const data = walk.open(walk.at(path).data);
    const asked = askOnce(walk, path, task, () => ({
      kind: "approval",
      title: textIn(data, "title"),
      by: task.by,
      details: valueIn(data, "details"),
      decisions: [
        { decision: "approve", label: textIn(data, "approve"), tone: "primary" },
        { decision: "reject", label: textIn(data, "reject"), tone: "plain" },
      ],
      fields: schemaOf(task.fields),
      comment: task.comment,
      risk: null,
      call: null,
    }));
    if (!asked) return open;
    if (isLate(walk, path, asked)) return late(walk, task, path, asked.approvalId);
    if (asked.end?.name !== "decided") return open;
    const { decision, by, comment } = asked.end;
    if (decision === "reject" && task.onReject === "fail") {
      return failed(
        "rejected",
        `${by?.name ?? "Nobody"} rejected "${asked.ask.title}"${comment === "" ? "." : `: ${comment}`}`,
      );
    }
    const answer = asked.end.answer === null ? null : (walk.open(asked.end.answer) as JsonObject);
    return done(decidedOutput(decision, { ...asked.end, answer }));
  },
};

function late(walk: Walk, task: TaskOf<"approval">, path: TaskPath, approvalId: string): Outcome {
  const comment = "Nobody decided before the deadline.";
  switch (task.onTimeout) {
    case "approve":
    case "reject": {
      const decision = task.onTimeout;
      walk.emit({ type: "approval-decided", path, approvalId, decision, by: null, comment, answer: null });
      if (decision === "reject" && task.onReject === "fail") return failed("rejected", comment);
      return done(decidedOutput(decision, { by: null, comment, answer: null }));
    }
    case "continue":
      withdraw(walk, path, comment);
      return done(decidedOutput("timeout", { by: null, comment, answer: null }));
    case "escalate":
    case "fail":
      withdraw(walk, path, comment);
      return failed("deadline", `Nobody decided "${task.id}" before its deadline.`);
  }
}
