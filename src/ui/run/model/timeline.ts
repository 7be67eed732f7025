import type { RunState, TaskState } from "#flow/machine/index.ts";
import { taskRowState } from "./tree.ts";

/** One stretch of a lane. Waiting for a person is drawn hollow. */
export type Segment = {
  readonly id: string;
  readonly path: string;
  readonly kind: "model" | "tool" | "task" | "person" | "timer";
  readonly title: string;
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly isLive: boolean;
  readonly isFailed: boolean;
};

export type Lane = {
  readonly name: string;
  readonly isAgent: boolean;
  readonly segments: readonly Segment[];
};

export type Timeline = { readonly from: number; readonly to: number; readonly lanes: readonly Lane[] };

const containers = new Set(["sequence", "parallel", "dag", "foreach", "loop", "if", "switch"]);

/**
 * What happened when: a lane for each agent and for each other task that did something. `now` ends what is under
 * way.
 */
export function timelineOf(state: RunState, now: number): Timeline {
  const end = state.phase.name === "finished" ? state.phase.at : Math.max(now, state.lastAt);
  // One that is still queued has no beginning yet.
  const from = state.phase.name === "created" ? end : state.startedAt;
  const lanes = new Map<string, { name: string; isAgent: boolean; segments: Segment[] }>();
  for (const path of state.order) {
    const task = state.tasks[path];
    if (task === undefined || isContainer(task) || task.status.name === "skipped") continue;
    const isAgent = task.kind === "agent";
    const name = isAgent ? agentOf(task) : task.id;
    const key = `${isAgent ? "agent" : "task"}:${name}`;
    const lane = lanes.get(key) ?? { name, isAgent, segments: [] };
    lanes.set(key, lane);
    lane.segments.push(...segmentsOf(task, end));
  }
  return {
    from,
    to: Math.max(end, from + 1000),
    lanes: [...lanes.values()].filter((lane) => lane.segments.length > 0),
  };
}

/** What only holds other tasks; a `foreach` that is spread over runs of its own holds none here. */
function isContainer(task: TaskState): boolean {
  return containers.has(task.kind) && task.children?.some(({ request }) => request.part !== null) !== true;
}

function agentOf(task: TaskState): string {
  const model = task.effects.find((effect) => effect.kind === "model");
  return model?.kind === "model" ? model.agent : task.label === "" ? task.id : task.label;
}

function segmentsOf(task: TaskState, end: number): readonly Segment[] {
  const segments: Segment[] = [];
  const close = task.finishedAt ?? end;
  for (const approval of task.approvals) {
    segments.push({
      id: `${task.path}#${approval.approvalId}`,
      path: task.path,
      kind: "person",
      title: approval.ask.title,
      from: approval.requestedAt,
      to: approval.end?.at ?? close,
      isLive: approval.end === null && task.finishedAt === null,
      isFailed: false,
    });
  }
  for (const effect of task.effects) {
    if (effect.kind === "tool" && effect.end?.name === "denied") continue;
    const waits =
      effect.kind === "tool" &&
      task.approvals.some((one) => one.callId === effect.callId && one.end === null);
    if (waits) continue;
    segments.push({
      id: `${task.path}#${effect.key}`,
      path: task.path,
      kind: effect.kind,
      title: effect.kind === "model" ? "model call" : effect.tool,
      from: effect.begunAt,
      to: effect.end?.at ?? close,
      isLive: effect.end === null && task.finishedAt === null,
      isFailed: effect.end !== null && effect.end.name !== "finished",
    });
  }
  if (segments.length === 0) {
    segments.push({
      id: task.path,
      path: task.path,
      kind: ["wait", "flow"].includes(task.kind) || task.status.name === "locking" ? "timer" : "task",
      title: task.id,
      from: task.startedAt,
      to: close,
      isLive: task.finishedAt === null,
      isFailed: taskRowState(task) === "failed",
    });
  }
  return segments;
}
