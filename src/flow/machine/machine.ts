import type { Decision, Machine, MachineContext, Obligation, Signal } from "./contract.ts";
import type { RunState, TaskState } from "./state.ts";
import { evolve } from "./fold/evolve.ts";
import { initial } from "./fold/initial.ts";
import { headOf } from "./heads/table.ts";
import { isOpen } from "./walk/children.ts";
import { openTasks } from "./walk/open.ts";
import { take } from "./walk/receive.ts";
import { carryRun } from "./walk/run.ts";
import { begin, step } from "./walk/life.ts";
import { NeedsBlob, Walk, type Rules } from "./walk/walk.ts";

const rules: Rules = { headOf, begin, step };

/**
 * Takes signals in and goes on as far as the run goes by itself: all of it in one list of events, so that it can be
 * appended at once. `decide` after it yields nothing.
 */
export function advance(state: RunState, signals: readonly Signal[], context: MachineContext): Decision {
  return look(state, context, (walk) => {
    // A run that waited for its turn is told at once what came meanwhile.
    for (const signal of startFirst(state, signals)) take(walk, signal);
    carryOn(walk);
  });
}

/** As far as the run goes by itself. What is answered within the walk may be what a task waits for: then it goes on with it. */
function carryOn(walk: Walk): void {
  let before: number;
  do {
    before = walk.events.length;
    carryRun(walk);
  } while (walk.draft.run.sandbox !== undefined && walk.events.length > before);
}

function startFirst(state: RunState, signals: readonly Signal[]): readonly Signal[] {
  const { name } = state.phase;
  if (name !== "created" && name !== "finished") return signals;
  const begins = ({ kind }: Signal): boolean => kind === (name === "created" ? "start" : "retry");
  return [...signals.filter(begins), ...signals.filter((signal) => !begins(signal))];
}

function look(state: RunState, context: MachineContext, action: (walk: Walk) => void): Decision {
  const walk = new Walk(state, context, rules);
  try {
    action(walk);
    // What was read and led to nothing is nothing new.
    return { events: walk.events.every(({ type }) => type === "memory-read") ? [] : walk.events };
  } catch (error) {
    if (error instanceof NeedsBlob) return { needs: error.refs, memory: error.memory };
    throw error;
  }
}

/** Tasks of a state that are not over. */
export function openTasksOf(state: RunState): readonly TaskState[] {
  return openTasks({
    run: state,
    task: (path) => (Object.hasOwn(state.tasks, path) ? state.tasks[path] : undefined),
  });
}

function obligations(state: RunState): readonly Obligation[] {
  if (state.phase.name === "finished") return [];
  const found: Obligation[] = Object.values(state.timers).map((timer) => ({ kind: "timer", ...timer }));
  for (const task of openTasksOf(state)) {
    const { path } = task;
    for (const approval of task.approvals) {
      if (approval.end === null) found.push({ kind: "approval", path, approvalId: approval.approvalId });
    }
    found.push(...crossingsOf(task));
    if (task.status.name !== "running") continue;
    for (const effect of task.effects) {
      if (effect.end !== null) continue;
      const { key, step, agent } = effect;
      if (effect.kind === "model") {
        const { attempt, reserved, leftOut } = effect;
        found.push({
          kind: "model-call",
          key,
          path,
          step,
          attempt,
          agent: effect.agent,
          ...(reserved === undefined ? {} : { maxOutputTokens: reserved.outputTokens }),
          ...(leftOut === undefined ? {} : { leftOut }),
        });
      } else {
        const { callId, tool } = effect;
        const args = effect.args as Extract<Obligation, { kind: "tool-call" }>["args"];
        found.push({ kind: "tool-call", key, path, step, callId, tool, args, agent });
      }
    }
  }
  return found;
}

/** What a task that is not over waits for beyond this run. */
function crossingsOf({ path, status, lock, awaited, children = [] }: TaskState): readonly Obligation[] {
  if (status.name === "locking" && lock && lock.grantedAt === null) {
    return [{ kind: "lock", key: lock.key, path, name: lock.name }];
  }
  if (status.name !== "running") return [];
  const found: Obligation[] = children
    .filter(isOpen)
    .map(({ key, run, request, facts, cancelling, retries = 0 }) =>
      facts === null
        ? { kind: "child-start", key, path, run, request }
        : { kind: "child", key, path, run, cancelling, retries },
    );
  if (awaited && awaited.received === null) {
    const { key, name, about } = awaited;
    found.push({ kind: "event", key, path, name, about });
  }
  return found;
}

/** The language's meaning: see `contract.ts`. */
export const machine: Machine = {
  initial,
  evolve,
  decide: (state, context) => look(state, context, carryOn),
  receive: (state, signal, context) => look(state, context, (walk) => take(walk, signal)),
  obligations,
};
