import { isObject, type Json, type JsonObject } from "#base/index.ts";
import type { Escalation, EscalationChoice, Task } from "../../language/definition.ts";
import { checkValue } from "../../values/check.ts";
import type { RunActor, StoredAsk, TaskError, TaskPath } from "../events.ts";
import { errorList } from "../heads/call.ts";
import { freeze, questionBytes, request, type Question } from "./asks.ts";
import { hasFired, setTimer, withdraw } from "./pending.ts";
import type { Walk } from "./walk.ts";

/** How a task that failed for good goes on. */
export type Chosen =
  | { readonly name: "open" }
  | { readonly name: "retry"; readonly by: RunActor | null; readonly comment: string }
  | { readonly name: "answer"; readonly output: Json }
  | { readonly name: "skip" }
  /** `error` where it fails for another reason than the one that was asked about. */
  | { readonly name: "fail"; readonly error?: TaskError };

/** Longest error text that a question shows, in characters. */
const longestError = 4_000;
/** Attempts that a question lists, the newest ones. */
const attemptsShown = 20;

/** Asks people how a failed task goes on, once an attempt, and tells what they chose. */
export function carryEscalation(
  walk: Walk,
  task: Task,
  path: TaskPath,
  error: TaskError,
  rule: Escalation,
): Chosen {
  const asked = walk.at(path).approvals.findLast((one) => one.ask.kind === "escalation");
  if (!asked) {
    const question = questionAbout(walk, task, path, error, rule);
    const ask = freeze(walk, question, (frozen) => questionBytes(walk, path, frozen));
    const deadline = rule.timeout === undefined ? null : walk.now + rule.timeout;
    request(walk, path, ask, { step: 1, callId: null, deadline });
    if (deadline !== null) setTimer(walk, path, "deadline", deadline);
    return { name: "open" };
  }
  if (asked.end === null) {
    if (!hasFired(walk.at(path), "deadline")) return { name: "open" };
    withdraw(walk, path, "Nobody decided before the deadline.");
    return { name: rule.onTimeout };
  }
  if (asked.end.name === "withdrawn") return { name: rule.onTimeout };
  const { by, comment, answer } = asked.end;
  switch (asked.end.decision as EscalationChoice) {
    case "retry":
      return { name: "retry", by, comment };
    case "skip":
      return { name: "skip" };
    case "answer":
      return readAnswer(asked.ask, answer === null ? null : walk.open(answer), task.id);
    default:
      return { name: "fail" };
  }
}

function questionAbout(walk: Walk, task: Task, path: TaskPath, error: TaskError, rule: Escalation): Question {
  const { attempt, failedAttempts } = walk.at(path);
  const name = task.title ?? task.id;
  const attempts = [
    ...failedAttempts.map((one) => ({ attempt: one.attempt, error: one.error.message, at: one.at })),
    { attempt, error: error.message, at: walk.now },
  ];
  const labels: Readonly<Record<EscalationChoice, string>> = {
    retry: `Try again: attempt ${attempt + 1}`,
    answer: "Give the output instead",
    skip: "Skip it and go on",
    fail: "Let it fail",
  };
  return {
    kind: "escalation",
    title: `${name} failed. How should it go on?`,
    by: rule.by,
    details: {
      error: { ...error, message: error.message.slice(0, longestError) },
      attempts: attempts.slice(-attemptsShown).map((one) => ({
        attempt: one.attempt,
        error: one.error.slice(0, longestError / 8),
        at: new Date(one.at).toISOString(),
      })),
    },
    decisions: rule.choices.map((decision, index) => ({
      decision,
      label: labels[decision],
      tone: decision === "fail" ? "danger" : index === 0 ? "primary" : "plain",
    })),
    fields: rule.choices.includes("answer") ? answerFields(outputSchemaOf(walk, task)) : null,
    answers: ["answer"],
    comment: "onReject",
    risk: null,
    call: null,
  };
}

/** Marks a schema whose one field `output` holds the whole output. */
const wholeOutput = "x-whole-output";

/** The fields of an answer in a task's place: those of its output, or one for the whole of it. */
function answerFields(schema: JsonObject | null): JsonObject {
  if (schema?.["type"] === "object" && Object.keys(schema["properties"] ?? {}).length > 0) return schema;
  return {
    type: "object",
    properties: { output: { title: "Output", ...schema } },
    required: ["output"],
    additionalProperties: false,
    [wholeOutput]: true,
  };
}

/** The shape of what a task yields, as far as it is known. */
function outputSchemaOf(walk: Walk, task: Task): JsonObject | null {
  switch (task.kind) {
    case "agent":
      return task.returns?.schema ?? { type: "string", "x-multiline": true };
    case "script":
      return task.returns?.schema ?? null;
    case "tool":
      return walk.context.tools.get(task.tool)?.outputSchema ?? null;
    case "form":
      return task.fields.schema;
    default:
      return null;
  }
}

function readAnswer(ask: StoredAsk, answer: Json, id: string): Chosen {
  const checked = checkValue(ask.fields ?? {}, answer ?? {});
  if (!checked.ok) {
    const message = `The answer given for "${id}" is not of the shape of its output. ${errorList(checked)}`;
    return { name: "fail", error: { code: "bad-input", message } };
  }
  const { value } = checked;
  const whole = ask.fields?.[wholeOutput] === true;
  return { name: "answer", output: whole && isObject(value) ? ((value["output"] as Json) ?? null) : value };
}
