import { styleText } from "node:util";
import { isObject } from "#base/index.ts";
import { beginningOf, type RunEvent } from "#flow/machine/index.ts";

/** Longest value that a line of the trace shows, in characters. */
const shown = 300;

const outcomeWords = { succeeded: "succeeded", failed: "failed", cancelled: "was cancelled" } as const;

/** What an event says to who watches a run in a terminal; nothing for what only the machine needs. */
export function traceLines({ body }: RunEvent): string[] {
  switch (body.type) {
    case "run-started":
      return body.simulated ? [dim("Answers of models are simulated.")] : [];
    case "task-started":
      return [`${indent(body.path)}${bold(body.id)}  ${dim(oneLine(body.label))}`];
    case "task-skipped":
      return body.reason === "branch" ? [] : [`${indent(body.path)}${dim(`${body.id}  skipped`)}`];
    case "task-retrying":
      return [
        below(body.path, `attempt ${body.attempt} failed: ${oneLine(body.error.message)}; trying again`),
      ];
    case "task-failed":
      return [below(body.path, styleText("red", `failed: ${body.error.message}`))];
    case "task-cancelled":
      return [below(body.path, dim("cancelled"))];
    case "log-written":
      return [below(body.path, `${body.level}: ${beginningOf(body.message)}`)];
    case "model-call-finished": {
      const words = [body.reasoning, body.text]
        .map(beginningOf)
        .filter((part) => part.trim() !== "")
        .map(oneLine);
      return words.map((part) => below(body.path, `${body.simulated ? "[simulated] " : ""}${part}`));
    }
    case "model-call-failed":
      return [below(body.path, `the model did not answer: ${oneLine(body.error.message)}`)];
    case "tool-call-begun":
      return [below(body.path, `${styleText("cyan", body.tool)} ${dim(value(body.args))}`)];
    case "tool-call-finished":
      return [below(body.path, `${dim("result")} ${value(body.result)}`)];
    case "tool-call-failed":
      return [below(body.path, styleText("red", `${dim("failed")} ${oneLine(body.error.message)}`))];
    case "child-started":
      return [below(body.path, dim(`started run #${body.number} of ${body.title}`))];
    case "child-ended":
      return [below(body.path, dim(`the run ${outcomeWords[body.outcome]}`))];
    case "lock-requested":
      return [`${indent(body.path)}${bold(body.id)}  ${dim(`waits for the lock ${body.name}`)}`];
    case "event-awaited":
      return [below(body.path, dim(`waits for the event ${body.name} ${body.about}`.trim()))];
    case "event-received":
      return [below(body.path, `${dim(`event from ${body.by.name}`)} ${value(body.payload)}`)];
    case "memory-read":
      return [below(body.path, `${dim(`memory ${body.key}`)} ${value(body.value)}`)];
    case "tool-call-denied":
      return [below(body.path, `${body.tool} was not called: ${oneLine(body.reason)}`)];
    case "approval-escalated": {
      const whom = [...body.to.roles, ...body.to.users].join(" or ");
      return [
        below(body.path, `nobody decided so far: it goes to ${whom === "" ? "approvers" : whom} as well`),
      ];
    }
    case "approval-requested":
      return [below(body.path, styleText("yellow", `waits for a person: ${body.ask.title}`))];
    case "approval-decided":
      return [
        below(
          body.path,
          `${body.decision} by ${body.by?.name ?? "nobody"}${body.comment === "" ? "" : `: ${body.comment}`}`,
        ),
      ];
    case "approval-withdrawn":
      return [below(body.path, dim(`the question is taken back: ${body.reason}`))];
    case "effect-lost":
      return [below(body.path, `the outcome is not known: ${body.reason}`)];
    case "run-paused":
      return [dim(`paused by ${body.by.name}`)];
    case "run-resumed":
      return [dim(`goes on, asked by ${body.by.name}`)];
    case "run-reopened":
      return [dim(`taken up again, asked by ${body.by.name}`)];
    case "task-reopened":
    case "event-copied":
    case "run-finishing":
    case "run-finished":
    case "run-cancel-requested":
    case "task-succeeded":
    case "task-failing":
    case "block-entered":
    case "variables-set":
    case "timer-set":
    case "timer-fired":
    case "agent-message-added":
    case "model-call-begun":
    case "child-requested":
    case "child-retried":
    case "child-cancel-requested":
    case "lock-granted":
      return [];
  }
}

/** Outputs as lines `name  value`. */
export function outputLines(outputs: unknown): string[] {
  if (!isObject(outputs)) return [];
  const names = Object.keys(outputs);
  const width = Math.max(0, ...names.map((name) => name.length));
  return names.map((name) => {
    const output = outputs[name];
    const text = typeof output === "string" ? output.trimEnd() : JSON.stringify(output);
    return `  ${name.padEnd(width)}  ${text.replaceAll("\n", `\n${" ".repeat(width + 4)}`)}`;
  });
}

function indent(path: string): string {
  return "  ".repeat(path.split("/").filter((step) => !step.startsWith("!")).length);
}

function below(path: string, text: string): string {
  return `${indent(path)}  ${text}`;
}

function value(given: unknown): string {
  return oneLine(typeof given === "string" ? given : JSON.stringify(given));
}

function oneLine(text: string): string {
  const flat = text.replace(/\s+/g, " ").trim();
  return flat.length > shown ? `${flat.slice(0, shown - 3)}...` : flat;
}

function dim(text: string): string {
  return text === "" ? "" : styleText("dim", text);
}

function bold(text: string): string {
  return styleText("bold", text);
}
