import { BatonError } from "#base/index.ts";
import type { Flow, Task } from "../language/definition.ts";
import { definitionAt, mainBlocks } from "./definitions.ts";
import type { RunEvent, RunEventBody, TaskPath } from "./events.ts";
import { foldEvents } from "./fold/evolve.ts";
import { initial } from "./fold/initial.ts";
import {
  childPath,
  errorsSlot,
  finallySlot,
  iterationOf,
  iterationSlot,
  mainSlot,
  placeOf,
  type Place,
} from "./paths.ts";
import type { RunState } from "./state.ts";

type Copied = Extract<RunEventBody, { type: "event-copied" }>;

/** An event of the source, without the wrapping of an earlier fork. */
type Fact = { readonly seq: number; readonly body: RunEventBody };

/**
 * The events of a run that hold for a fork at `path` as well: of what stands before that task, in each block that
 * holds it, and has finished. `flow` is the one that the fork runs.
 */
export function copiedEvents(
  source: string,
  events: readonly RunEvent[],
  flow: Flow,
  path: TaskPath,
): readonly Copied[] {
  const history = readHistory(events);
  const reused = reusedTasks(history, flow, path);
  return history.facts.flatMap(({ seq, body }) => {
    const kept = reused.some((root) => isWithin(root, bodyPath(body)))
      ? ofFinished(history, seq, body)
      : ofHolder(history, path, flow, seq, body);
    return kept ? [{ type: "event-copied", from: { run: source, seq }, body: kept }] : [];
  });
}

/**
 * Refuses a fork that can't be made: of a task that has not begun, of one in a handler ("bad-input"), and on a flow
 * that no longer has what the run finished before ("conflict"). `before` is the flow that the run itself runs.
 */
export function checkFork(events: readonly RunEvent[], before: Flow, flow: Flow, path: TaskPath): void {
  const history = readHistory(events);
  if (path.includes(errorsSlot) || path.includes(finallySlot)) {
    throw new BatonError("bad-input", `"${path}" stands in a handler; a run can't be forked there.`, {
      hint: "Fork from the task that the handler belongs to.",
    });
  }
  const locked = holdersOf(path).find((holder) => definitionAt(flow, holder)?.lock !== undefined);
  if (locked !== undefined) {
    throw new BatonError("bad-input", `"${path}" stands in "${locked}", which holds a lock while it runs.`, {
      hint: `Fork from "${locked}", so that it takes its lock again.`,
    });
  }
  if (!history.state.tasks[path]) {
    throw new BatonError("bad-input", `The task "${path}" has not begun in this run.`, {
      hint: "Fork from a task that has begun, or start a new run.",
    });
  }
  const missing = [...holdersOf(path), path].find(
    (one) => definitionAt(flow, one)?.kind !== definitionAt(before, one)?.kind,
  );
  const there = new Set(reusedTasks(history, flow, path));
  const gone = missing ?? reusedTasks(history, before, path).find((one) => !there.has(one));
  if (gone === undefined) return;
  throw new BatonError(
    "conflict",
    `The newest revision does not have "${gone}" where this run finished it.`,
    {
      hint: "Fork on the revision that the run itself runs, or from an earlier task.",
    },
  );
}

type History = {
  readonly state: RunState;
  readonly facts: readonly Fact[];
  /** Number of the event with which each task began its present attempt, or was skipped. */
  readonly begun: ReadonlyMap<TaskPath, number>;
  /** Number of the event with which each task was last taken up again. */
  readonly reopened: ReadonlyMap<TaskPath, number>;
};

function readHistory(events: readonly RunEvent[]): History {
  const facts = events.map(({ seq, body }) => ({
    seq,
    body: body.type === "event-copied" ? body.body : body,
  }));
  const begun = new Map<TaskPath, number>();
  const reopened = new Map<TaskPath, number>();
  for (const { seq, body } of facts) {
    if (body.type === "task-started" || body.type === "task-skipped") begun.set(body.path, seq);
    if (body.type === "task-reopened") reopened.set(body.path, seq);
  }
  return { state: foldEvents(initial(), events), facts, begun, reopened };
}

/** The tasks that hold a task, outermost first. */
function holdersOf(path: TaskPath): readonly TaskPath[] {
  const holders: TaskPath[] = [];
  for (let at = placeOf(path).parent; at !== ""; at = placeOf(at).parent) holders.unshift(at);
  return holders;
}

/** Paths of the outermost tasks that need not run again. */
function reusedTasks(history: History, flow: Flow, path: TaskPath): readonly TaskPath[] {
  return [...holdersOf(path), path].flatMap((child) => {
    const { parent, slot, id } = placeOf(child);
    const block = blockWith(flow, parent, id);
    if (definitionAt(flow, parent)?.kind === "dag") return independentOf(history, parent, block, id);
    const until = block.findIndex((task) => task.id === id);
    const own = finishedOf(history, parent, slot, block.slice(0, Math.max(0, until)));
    if (!slot.startsWith("[")) return own;
    const earlier = Array.from({ length: iterationOf(slot) }, (_, index) =>
      finishedOf(history, parent, iterationSlot(index), block),
    );
    return [...earlier.flat(), ...own];
  });
}

/** The first tasks of a block, up to the first that did not finish. */
function finishedOf(history: History, parent: TaskPath, slot: string, block: readonly Task[]): TaskPath[] {
  const finished: TaskPath[] = [];
  for (const { id, kind } of block) {
    const path = childPath(parent, slot, id);
    const task = history.state.tasks[path];
    if (task?.kind !== kind || !isCurrent(history, path)) break;
    const { status } = task;
    const isGood = status.name === "succeeded" || (status.name === "failed" && status.handled);
    if (!isGood && status.name !== "skipped") break;
    finished.push(path);
  }
  return finished;
}

/** Of tasks that begin by what they need: those that finished, and to which the task with this id does not lead. */
function independentOf(history: History, parent: TaskPath, block: readonly Task[], id: string): TaskPath[] {
  const again = new Set([id]);
  for (let size = 0; size < again.size;) {
    size = again.size;
    for (const task of block) {
      const [path] = finishedOf(history, parent, mainSlot, [task]);
      if (path === undefined || task.needs.some((need) => again.has(need))) again.add(task.id);
    }
  }
  return block.filter((task) => !again.has(task.id)).map((task) => childPath(parent, mainSlot, task.id));
}

/** The block of a container that has the task. */
function blockWith(flow: Flow, container: TaskPath, id: string): readonly Task[] {
  const holder = container === "" ? undefined : definitionAt(flow, container);
  const blocks = container === "" ? [flow.tasks] : holder ? mainBlocks(holder) : [];
  return blocks.find((block) => block.some((task) => task.id === id)) ?? [];
}

/** Whether what is known of a task belongs to the present attempt of all that hold it. */
function isCurrent(history: History, path: TaskPath): boolean {
  const begun = history.begun.get(path);
  if (begun === undefined) return false;
  const { parent, slot } = placeOf(path);
  if (parent === "") return true;
  // A handler that ran before the holder was taken up again has not run for what counts now.
  const since = slot.startsWith("!") ? (history.reopened.get(parent) ?? 0) : 0;
  return begun > (history.begun.get(parent) ?? 0) && begun > since && isCurrent(history, parent);
}

function bodyPath(body: RunEventBody): TaskPath {
  return "path" in body ? body.path : "";
}

function isWithin(root: TaskPath, path: TaskPath): boolean {
  return path === root || path.startsWith(`${root}/`) || path.startsWith(`${root}[`);
}

const ends: ReadonlySet<string> = new Set([
  "task-failing",
  "task-failed",
  "task-cancelled",
  "task-succeeded",
  "task-retrying",
]);

/** An event of a task that has finished, as far as it belongs to the attempt that counts. */
function ofFinished(history: History, seq: number, body: RunEventBody): RunEventBody | undefined {
  const path = bodyPath(body);
  if (seq < (history.begun.get(path) ?? 0) || !isCurrent(history, path)) return undefined;
  if (body.type === "task-reopened" || body.type === "timer-set" || body.type === "timer-fired") {
    return undefined;
  }
  if (seq > (history.reopened.get(path) ?? 0)) return body;
  const isHandler = body.type === "block-entered" && body.block.startsWith("!");
  return ends.has(body.type) || isHandler ? undefined : body;
}

/** An event of a task that holds the one forked at: that it began, and which of its blocks. */
function ofHolder(
  history: History,
  path: TaskPath,
  flow: Flow,
  seq: number,
  body: RunEventBody,
): RunEventBody | undefined {
  const holders = holdersOf(path);
  const own = bodyPath(body);
  if (body.type === "variables-set") {
    return own === "" && history.state.forkedFrom !== null ? body : undefined;
  }
  if (!isCurrent(history, own) || seq < (history.begun.get(own) ?? 0)) return undefined;
  if (body.type === "task-skipped" && body.reason === "branch") {
    return holders.includes(placeOf(own).parent) ? body : undefined;
  }
  const at = holders.indexOf(own);
  if (at < 0) return undefined;
  if (body.type === "task-started") return body;
  return body.type === "block-entered" ? ofBlock(body, placeOf(holders[at + 1] ?? path), flow) : undefined;
}

/** A block of a holder that leads to `inner`, with as many tasks as the fork's flow has there. */
function ofBlock(
  body: Extract<RunEventBody, { type: "block-entered" }>,
  inner: Place,
  flow: Flow,
): RunEventBody | undefined {
  const { block, path } = body;
  if (block.startsWith("!")) return undefined;
  if (block.startsWith("[") && iterationOf(block) > iterationOf(inner.slot)) return undefined;
  return { ...body, count: blockWith(flow, path, inner.id).length };
}
