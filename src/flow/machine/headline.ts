import { inLine } from "./agent/model-retry.ts";
import type { Flow } from "../language/definition.ts";
import type { ChildState } from "./crossing.ts";
import { definitionAt } from "./definitions.ts";
import { openTasksOf } from "./machine.ts";
import type { RunState, TaskState } from "./state.ts";
import { isOpen } from "./walk/children.ts";

/** What happens in a run now, in a few words; the error's message when it failed. */
export function headline(state: RunState, flow: Flow): string {
  const { phase, paused } = state;
  if (paused) {
    const calls = callsUnderWay(state);
    const still = calls === 0 ? "" : `, ${calls === 1 ? "one call" : `${calls} calls`} still under way`;
    return `Paused by ${paused.by.name}${still}`;
  }
  switch (phase.name) {
    case "created":
      return "Queued";
    case "finished":
      if (phase.outcome !== "failed" && phase.message !== undefined && phase.message !== "")
        return phase.message;
      if (phase.outcome === "succeeded") return "Done";
      if (phase.outcome === "cancelled") return "Cancelled";
      return phase.error?.message ?? "Failed";
    case "cancelling":
      return `Cancelling, asked by ${phase.by.name}`;
    default: {
      const tasks = openTasksOf(state);
      const waiting = tasks.flatMap((task) => task.approvals).find((approval) => approval.end === null);
      if (waiting) return `Waiting for a person: ${waiting.ask.title}`;
      const last = tasks.findLast((task) => task.inside.open.length === 0);
      return last ? doing(last, flow) : "Going on";
    }
  }
}

function doing(task: TaskState, flow: Flow): string {
  const name = definitionAt(flow, task.path)?.title ?? task.id;
  if (task.status.name === "retrying") return `${name}: trying again after an error`;
  if (task.status.name === "locking") return `Waits for the lock ${task.lock?.name ?? ""}`;
  const child = task.children?.findLast((one) => isOpen(one));
  if (child) return childWords(task, child, name);
  if (task.awaited?.received === null) {
    return `Waits for the event ${task.awaited.name}${task.awaited.about === "" ? "" : ` for ${task.awaited.about}`}`;
  }
  const effect = task.effects.findLast((one) => one.end === null);
  if (task.kind === "agent") {
    const who = task.label === "" ? "The agent" : task.label;
    if (effect?.kind === "tool") return `${who} is calling ${effect.tool}`;
    if (effect) return `${who} is thinking: ${name}`;
    const end = task.effects.at(-1)?.end;
    const isOut = end?.name === "failed" && "postponed" in end;
    if (!isOut) return `${name}: waiting to ask the model again`;
    return end.error.code === inLine
      ? `${name}: waiting for its turn at the model`
      : `${name}: waiting until the model is back`;
  }
  if (effect?.kind === "tool") return task.kind === "script" ? `Running ${name}` : `Calling ${effect.tool}`;
  if (task.kind === "loop") return `${name}: waiting for the next round`;
  if (task.kind === "wait") return `Waiting until ${task.label}`;
  return name;
}

function callsUnderWay(state: RunState): number {
  return openTasksOf(state)
    .filter((task) => task.status.name === "running")
    .reduce((count, task) => count + task.effects.filter((effect) => effect.end === null).length, 0);
}

function childWords(task: TaskState, { facts, request }: ChildState, name: string): string {
  if (request.part) {
    const children = task.children ?? [];
    const over = children.filter((one) => one.end !== null).length;
    return `${name}: ${task.label} in parts, ${over} of ${children.length} begun are done`;
  }
  return facts === null
    ? `Starts a run of ${request.flow}`
    : `Waits for run #${facts.number} of ${facts.title}`;
}

/** Whether nothing goes on until a person decides. A run that waits for a timer alone is under way. */
export function isWaiting(state: RunState): boolean {
  const open = openTasksOf(state);
  return (
    open.some((task) => task.approvals.some((approval) => approval.end === null)) &&
    !open.some((task) => task.status.name === "running" && task.effects.some((effect) => effect.end === null))
  );
}
