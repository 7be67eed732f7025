import type { Flow, Task } from "#flow/index.ts";
import type {
  ApprovalState,
  ChildState,
  Cost,
  EffectState,
  RunState,
  TaskPath,
  TaskState,
} from "#flow/machine/index.ts";
import type { StateName as RowState } from "../../graph/states.ts";
import { costOf } from "./format.ts";
import { blockTitle, placesOf } from "./paths.ts";

/** What a row's icon shows: a task's head key, or what is not a task. */
export type RowIcon = "task" | "model" | "tool" | "approval" | "attempt" | "iteration" | "block";

/** One row of the trace. */
export type TraceRow = {
  /** Unique in its tree; a task's own path for tasks. */
  readonly id: string;
  readonly icon: RowIcon;
  /** Of the task that this row belongs to; the nearest task above for iterations and blocks. */
  readonly path: TaskPath;
  /** Head key of tasks; empty for others. */
  readonly kind: string;
  readonly name: string;
  readonly label: string;
  readonly state: RowState;
  /** Epoch milliseconds; null when it has not begun. */
  readonly startedAt: number | null;
  /** Null while it is under way or has not begun. */
  readonly endedAt: number | null;
  readonly cost: Cost | null;
  /** Why it failed, was denied or skipped. */
  readonly note: string;
  readonly children: readonly TraceRow[];
};

const decided = new Set<RowState>(["done", "failed", "denied", "skipped", "cancelled"]);

/** Whether nothing more will happen to a row in this state. */
export function isOver(state: RowState): boolean {
  return decided.has(state) || state === "unreached";
}

/** The approval that a task waits for now, if any. */
export function pendingApproval(task: TaskState): ApprovalState | undefined {
  return task.approvals.find((approval) => approval.end === null);
}

/** How a task stands, as people say it. */
export function taskRowState(task: TaskState, isPaused = false): RowState {
  const state = unpausedState(task);
  // What was under way when the run was paused still is; nothing else moves.
  const isStill = isPaused && state === "running" && task.effects.every((effect) => effect.end !== null);
  return isStill ? "paused" : state;
}

function unpausedState(task: TaskState): RowState {
  switch (task.status.name) {
    case "running": {
      if (pendingApproval(task) !== undefined) return "waiting";
      return task.kind === "wait" || childAwaited(task) !== undefined ? "timer" : "running";
    }
    case "locking":
      return "timer";
    case "retrying":
      return "retrying";
    case "failing":
      // What failed for good and is asked about goes on with what a person says.
      return pendingApproval(task) === undefined ? "failed" : "waiting";
    case "failed":
      return "failed";
    case "succeeded":
      return "done";
    case "skipped":
      return "skipped";
    case "cancelled":
      return "cancelled";
  }
}

/** The run, not a part of this one, that a task waits for. */
export function childAwaited(task: TaskState): ChildState | undefined {
  if (task.finishedAt !== null) return undefined;
  return task.children?.findLast(
    ({ request, end, facts }) => request.waits && request.part === null && end === null && facts !== null,
  );
}

/** What a task waits for that is no person, as a badge says it; undefined: it does not. */
export function waitWord(task: TaskState): string | undefined {
  if (task.status.name === "locking") return "Waiting for a lock";
  if (task.status.name !== "running") return undefined;
  if (childAwaited(task) !== undefined) return "Waiting for a run";
  if (task.kind !== "wait") return undefined;
  return task.awaited === undefined ? "Waiting for its time" : "Waiting for an event";
}

/** Why a task was skipped, as a sentence goes on. */
export function skipWord(reason: string): string {
  return skipWords[reason] ?? reason;
}

/** Failed attempts before the last: the last is how the task itself ended. */
export function earlierAttempts(task: TaskState): TaskState["failedAttempts"] {
  return task.status.name === "failed"
    ? task.failedAttempts.filter((one) => one.attempt !== task.attempt)
    : task.failedAttempts;
}

function taskNote(task: TaskState): string {
  switch (task.status.name) {
    case "retrying":
    case "failing":
    case "failed":
      return task.status.error.message;
    case "skipped":
      return skipWord(task.status.reason);
    default:
      return "";
  }
}

const skipWords: Readonly<Record<string, string>> = {
  when: "its condition did not hold",
  disabled: "it is disabled",
  branch: "another branch was taken",
  cancelled: "the run was cancelled",
  break: "the loop ended before",
  needs: "a task that it needs did not succeed",
};

/** The rows of a run. With the flow's definition, tasks that have not begun are there as well. */
export function traceTree(state: RunState, flow: Flow | null): readonly TraceRow[] {
  const places = new Map<string, Node>();
  const roots: Node[] = [];
  for (const path of state.order) {
    let parent: Node | undefined;
    for (const place of placesOf(path)) {
      let node = places.get(place.path);
      if (node === undefined) {
        node = { place, children: [] };
        places.set(place.path, node);
        (parent === undefined ? roots : parent.children).push(node);
      }
      parent = node;
    }
  }
  const over = state.phase.name === "finished";
  const rows = roots.filter((node) => isShown(node, state)).map((node) => rowOf(node, state, flow, over));
  const main = rows.filter((row) => row.icon !== "block");
  const handlers = rows.filter((row) => row.icon === "block");
  return [...main, ...pendingRows(flow?.tasks ?? [], "", main, over), ...handlers];
}

type Node = { readonly place: ReturnType<typeof placesOf>[number]; readonly children: Node[] };

/** A branch that was not taken is no part of what happened. */
function isShown(node: Node, state: RunState): boolean {
  const task = state.tasks[node.place.path];
  return !(task?.status.name === "skipped" && task.status.reason === "branch");
}

function rowOf(node: Node, state: RunState, flow: Flow | null, over: boolean): TraceRow {
  const { place } = node;
  const nested = node.children
    .filter((child) => isShown(child, state))
    .map((child) => rowOf(child, state, flow, over));
  const task = state.tasks[place.path];
  if (task !== undefined && place.kind === "task")
    return taskRow(task, nested, flow, over, state.paused !== null);

  const started = nested.map((row) => row.startedAt).filter((at) => at !== null);
  const isEnded = nested.every((row) => isOver(row.state));
  const ended = nested.map((row) => row.endedAt).filter((at) => at !== null);
  const owner = place.path.replace(/(\[\d+\]|\/?![^/]*)$/, "");
  return {
    id: place.path,
    icon: place.kind === "task" ? "task" : place.kind,
    path: owner,
    kind: "",
    name:
      place.kind === "iteration"
        ? `${state.tasks[owner]?.kind === "loop" ? "round" : place.id} ${place.index + 1}`
        : place.kind === "block"
          ? blockTitle(place.id)
          : place.id,
    label: place.kind === "iteration" ? iterationLabel(state.tasks[owner], place.index) : "",
    state: summaryState(nested),
    startedAt: started.length === 0 ? null : Math.min(...started),
    endedAt: isEnded && ended.length > 0 ? Math.max(...ended) : null,
    cost: sumCosts(nested),
    note: "",
    children:
      place.kind === "iteration"
        ? [...nested, ...pendingRows(childDefinitions(flow, place.path), `${place.path}/`, nested, over)]
        : nested,
  };
}

function taskRow(
  task: TaskState,
  nested: readonly TraceRow[],
  flow: Flow | null,
  over: boolean,
  isPaused: boolean,
): TraceRow {
  const own = [...attemptRows(task), ...effectRows(task)];
  const blocks = nested.filter((row) => row.icon === "block");
  const tasks = nested.filter((row) => row.icon !== "block");
  const isOpen = task.finishedAt === null;
  const pending =
    isOpen && task.kind !== "foreach" && task.kind !== "loop"
      ? pendingRows(childDefinitions(flow, task.path, task), `${task.path}/`, tasks, over)
      : [];
  const total = costOf(task.usage).cost;
  return {
    id: task.path,
    icon: "task",
    path: task.path,
    kind: task.kind,
    name: titleOf(flow, task.path, task.id),
    label: task.copiedFrom === null ? labelOf(task) : "taken over",
    state: taskRowState(task, isPaused),
    startedAt: task.status.name === "skipped" ? null : task.startedAt,
    endedAt: task.finishedAt,
    cost: total ?? sumCosts(nested),
    note: taskNote(task),
    children: [...own, ...tasks, ...pending, ...blocks],
  };
}

/** A task's title, as the graph shows it; its id where it has none. */
function titleOf(flow: Flow | null, path: TaskPath, id: string): string {
  return (flow === null ? undefined : definitionAt(flow, path)?.title) ?? id;
}

/** What stands beside a task's name. Questions, instants and long messages stand in its detail instead. */
function labelOf(task: TaskState): string {
  if (task.label === task.id) return "";
  switch (task.kind) {
    case "approval":
    case "form":
    case "wait":
    case "log":
    case "fail":
    case "parallel":
    case "sequence":
    case "dag":
    case "stop":
      return task.kind;
    default:
      return task.label;
  }
}

function attemptRows(task: TaskState): readonly TraceRow[] {
  return earlierAttempts(task).map((attempt) => ({
    id: `${task.path}#attempt:${attempt.attempt}`,
    icon: "attempt" as const,
    path: task.path,
    kind: "",
    name: `attempt ${attempt.attempt}`,
    label: "",
    state: "failed" as const,
    startedAt: null,
    endedAt: attempt.at,
    cost: null,
    note: `${attempt.error.message}${chosenBy(attempt)}`,
    children: [],
  }));
}

/** Who had a failed task tried again, and why: nothing where it was the task's own rule. */
export function chosenBy({ decided }: TaskState["failedAttempts"][number]): string {
  if (decided === undefined) return "";
  const why = decided.comment === "" ? "" : `: ${decided.comment}`;
  return ` ${decided.by?.name ?? "Somebody"} chose to try again${why}`;
}

function effectRows(task: TaskState): readonly TraceRow[] {
  const rows: { at: number; row: TraceRow }[] = [];
  for (const effect of task.effects) rows.push({ at: effect.begunAt, row: effectRow(task, effect) });
  for (const approval of task.approvals) {
    const isOwn = task.kind === "approval" || task.kind === "form";
    const hasEffect = task.effects.some(
      (effect) => effect.kind === "tool" && approval.callId !== null && effect.callId === approval.callId,
    );
    if (isOwn || hasEffect) continue;
    rows.push({ at: approval.requestedAt, row: approvalRow(task, approval) });
  }
  return rows.toSorted((a, b) => a.at - b.at).map(({ row }) => row);
}

function effectRow(task: TaskState, effect: EffectState): TraceRow {
  const { end } = effect;
  const stopped = task.finishedAt !== null && end === null;
  const common = {
    id: `${task.path}#${effect.key}`,
    path: task.path,
    kind: "",
    label: "",
    children: [],
  };
  if (effect.kind === "model") {
    return {
      ...common,
      icon: "model",
      name: "model call",
      startedAt: effect.begunAt,
      state: end === null ? (stopped ? "cancelled" : "running") : end.name === "finished" ? "done" : "failed",
      endedAt: end?.at ?? (stopped ? task.finishedAt : null),
      cost: effect.end?.name === "finished" ? effect.end.cost : null,
      note: end?.name === "failed" ? end.error.message : "",
    };
  }
  const approval = task.approvals.find((one) => one.callId === effect.callId && one.end === null);
  return {
    ...common,
    label: effect.mocked === undefined ? "" : "mocked",
    icon: "tool",
    name: effect.tool,
    startedAt: end?.name === "denied" ? null : effect.begunAt,
    state:
      approval !== undefined
        ? "waiting"
        : end === null
          ? stopped
            ? "cancelled"
            : "running"
          : end.name === "finished"
            ? "done"
            : end.name === "denied"
              ? "denied"
              : "failed",
    endedAt: end?.at ?? (stopped ? task.finishedAt : null),
    cost: null,
    note:
      end === null || end.name === "finished" ? "" : end.name === "failed" ? end.error.message : end.reason,
  };
}

function approvalRow(task: TaskState, approval: ApprovalState): TraceRow {
  const call = approval.ask.call;
  const { end } = approval;
  return {
    id: `${task.path}#${approval.approvalId}`,
    icon: call === null ? "approval" : "tool",
    path: task.path,
    kind: "",
    name: call === null ? approval.ask.title : call.tool,
    label: "",
    state:
      end === null
        ? "waiting"
        : end.name === "withdrawn"
          ? "cancelled"
          : end.decision === "reject"
            ? "denied"
            : "done",
    startedAt: approval.requestedAt,
    endedAt: end?.at ?? null,
    cost: null,
    note: end?.name === "withdrawn" ? end.reason : (end?.comment ?? ""),
    children: [],
  };
}

/** The child tasks that a task's definition holds, where it is certain that they belong to what happens. */
function childDefinitions(flow: Flow | null, path: TaskPath, state?: TaskState): readonly Task[] {
  if (flow === null) return [];
  const task = definitionAt(flow, path);
  if (task === undefined) return [];
  switch (task.kind) {
    case "sequence":
    case "parallel":
    case "dag":
    case "foreach":
    case "loop":
      return task.tasks;
    case "if":
      if (state === undefined) return [];
      if ("then" in state.blocks) return task.then;
      return "else" in state.blocks ? task.else : [];
    case "switch": {
      if (state === undefined) return [];
      const chosen = task.cases.find((one) => `case ${one.value}` in state.blocks);
      return chosen?.tasks ?? ("default" in state.blocks ? task.default : []);
    }
    default:
      return [];
  }
}

/** The definition of the task at a path (with or without indexes), or undefined when the text has no such task. */
export function definitionAt(flow: Flow, path: TaskPath): Task | undefined {
  let level: readonly Task[] = flow.tasks;
  let found: Task | undefined;
  for (const place of placesOf(path)) {
    if (place.kind === "iteration") continue;
    if (place.kind === "block") {
      const owner: Flow | Task = found ?? flow;
      level = place.id === "!errors" ? owner.errors : place.id === "!finally" ? owner.finally : [];
      continue;
    }
    found = level.find((task) => task.id === place.id);
    if (found === undefined) return undefined;
    level = heldTasks(found);
  }
  return found;
}

/** All tasks that a task holds in its head, whatever branch they are in. */
export function heldTasks(task: Task): readonly Task[] {
  switch (task.kind) {
    case "sequence":
    case "parallel":
    case "dag":
    case "foreach":
    case "loop":
      return task.tasks;
    case "if":
      return [...task.then, ...task.else];
    case "switch":
      return [...task.cases.flatMap((one) => one.tasks), ...task.default];
    default:
      return [];
  }
}

function pendingRows(
  tasks: readonly Task[],
  prefix: string,
  present: readonly TraceRow[],
  over: boolean,
): readonly TraceRow[] {
  const seen = new Set(present.map((row) => row.id));
  return tasks
    .filter((task) => !seen.has(`${prefix}${task.id}`) && !task.disabled)
    .map((task) => ({
      id: `${prefix}${task.id}`,
      icon: "task" as const,
      path: `${prefix}${task.id}`,
      kind: task.kind,
      name: task.title ?? task.id,
      label: definitionLabel(task),
      state: over ? ("unreached" as const) : ("pending" as const),
      startedAt: null,
      endedAt: null,
      cost: null,
      note: "",
      children: [],
    }));
}

/** What stands beside a task's name before it has begun. */
export function definitionLabel(task: Task): string {
  if (task.kind === "agent") return task.agent;
  if (task.kind === "tool") return task.tool;
  return task.kind;
}

function iterationLabel(task: TaskState | undefined, index: number): string {
  const data = task?.data;
  if (typeof data !== "object" || data === null || Array.isArray(data) || !("items" in data)) return "";
  const items = data["items"];
  const item = Array.isArray(items) ? (items[index] as unknown) : undefined;
  return typeof item === "string" || typeof item === "number" ? String(item).slice(0, 60) : "";
}

function summaryState(rows: readonly TraceRow[]): RowState {
  for (const state of ["waiting", "running", "paused", "retrying", "timer", "failed", "cancelled"] as const) {
    if (rows.some((row) => row.state === state)) return state;
  }
  if (rows.length > 0 && rows.every((row) => row.state === "skipped")) return "skipped";
  return rows.every((row) => isOver(row.state)) ? "done" : "pending";
}

function sumCosts(rows: readonly TraceRow[]): Cost | null {
  let sum: Cost | null = null;
  for (const { cost } of rows) {
    if (cost === null) continue;
    if (cost === "unknown") sum ??= "unknown";
    else sum = (typeof sum === "number" ? sum : 0) + cost;
  }
  return sum;
}

/** A row of the tree as the list shows it. */
export type VisibleRow = { readonly row: TraceRow; readonly depth: number; readonly isOpen: boolean };

/**
 * The rows to show. `toggled` holds the rows that a person opened or closed against the default: open, except
 * finished iterations of loops with more than three of them.
 */
export function visibleRows(
  rows: readonly TraceRow[],
  toggled: ReadonlySet<string>,
  depth = 0,
): readonly VisibleRow[] {
  const many = rows.filter((row) => row.icon === "iteration").length > 3;
  return rows.flatMap((row) => {
    const byDefault = !(row.icon === "iteration" && many && row.state === "done");
    const isOpen = row.children.length > 0 && byDefault !== toggled.has(row.id);
    const self: VisibleRow = { row, depth, isOpen };
    return isOpen ? [self, ...visibleRows(row.children, toggled, depth + 1)] : [self];
  });
}
