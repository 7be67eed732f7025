import type { JsonObject, RunId } from "#base/index.ts";
import { foldEvents, machine, type RunEvent, type RunState } from "#flow/machine/index.ts";
import type { Journal } from "#journal/index.ts";
import { starter, type Outside, type Worker } from "./world.ts";

export async function eventsOf(journal: Journal, run: RunId): Promise<readonly RunEvent[]> {
  return journal.events(run, 0, 10_000);
}

export async function stateOf(journal: Journal, run: RunId): Promise<RunState> {
  return foldEvents(machine.initial(), await eventsOf(journal, run));
}

/** Answers every question: yes, or for a lost call that it happened, with what the tool would have answered. */
export async function answerAll(journal: Journal, run: RunId, beyond: Outside): Promise<boolean> {
  let any = false;
  for (const [approvalId, { ask, run: of }] of beyond.questions) {
    if (of !== run) continue;
    beyond.questions.delete(approvalId);
    const decision = ask.decisions[0]?.decision ?? "approve";
    const answer: JsonObject | null =
      ask.kind === "outcome-unknown"
        ? { result: { tool: ask.call?.tool ?? "", args: ask.call?.args ?? null } }
        : ask.kind === "form"
          ? { note: "fine" }
          : ask.kind === "escalation"
            ? { output: "by hand" }
            : null;
    const source = `approval:${approvalId}`;
    await journal.signal(run, source, {
      kind: "approval",
      approvalId,
      decision,
      by: starter,
      comment: "",
      answer,
    });
    any = true;
  }
  return any;
}

/** Drives a run, answers what is asked and lets timers fire, until it is over or `until` resolves. */
export async function finish(
  worker: Worker,
  run: RunId,
  beyond: Outside,
  fire: (run: RunId) => Promise<void>,
  reader: Journal,
  until: Promise<void> = new Promise(() => undefined),
): Promise<"finished" | "stopped"> {
  let stopped = false;
  void until.then(() => {
    stopped = true;
  });
  for (let round = 0; round < 60; round += 1) {
    await Promise.race([worker.engine.drive(run), until]);
    if (stopped) return "stopped";
    if ((await stateOf(reader, run)).phase.name === "finished") return "finished";
    if (!(await answerAll(reader, run, beyond))) await fire(run);
  }
  throw new Error("The run does not come to an end.");
}

/** What must be the same however often workers died: how it ended, with what, and how each task did. */
export function essence(state: RunState): unknown {
  const { phase, tasks } = state;
  return {
    outcome: phase.name === "finished" ? phase.outcome : phase.name,
    outputs: phase.name === "finished" ? phase.outputs : null,
    tasks: Object.fromEntries(Object.values(tasks).map((task) => [task.path, task.status.name])),
  };
}
