import type { Flow } from "#flow/index.ts";
import type { RunState, TaskState } from "#flow/machine/index.ts";
import type { ApprovalView } from "#api/index.ts";
import { either } from "./format.ts";
import { childAwaited, definitionAt, pendingApproval, taskRowState } from "./tree.ts";

/** The kinds of "now" that a run can be in; the header's icon and colour follow from it. */
export type Mood =
  | "queued"
  | "running"
  | "waiting"
  | "timer"
  | "paused"
  | "retrying"
  | "cancelling"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "dead-lettered";

/** What the page says above everything else. */
export type Header = {
  readonly mood: Mood;
  /** One sentence: what happens now, or how it ended. */
  readonly title: string;
  /** Who is awaited ("Ada or Grace can decide"), or what is under way. */
  readonly who: string;
  /** Since when it is so; epoch milliseconds. */
  readonly since: number | null;
  /** When it ends by itself (a deadline, a timer, a retry); epoch milliseconds. */
  readonly until: number | null;
  /** What else goes on while someone is awaited. */
  readonly meanwhile: string;
  /** The task that the sentence is about. */
  readonly path: string | null;
};

/** The header of a run. `summary` is the state by the run's row, which knows of queues and dead letters. */
export function headerOf(
  state: RunState,
  approvals: readonly ApprovalView[],
  summary: { readonly state: string; readonly headline: string },
  flow: Flow | null = null,
): Header {
  const none = { who: "", since: null, until: null, meanwhile: "", path: null };
  const { phase } = state;
  if (phase.name === "finished") {
    const end = { ...none, since: phase.at };
    if (phase.outcome === "succeeded")
      return { ...end, mood: "succeeded", title: phase.message || doneTitle(phase.outputs) };
    if (phase.outcome === "cancelled")
      return { ...end, mood: "cancelled", title: phase.message || "Cancelled" };
    const error = phase.error;
    return {
      ...end,
      mood: "failed",
      title: error === null ? "Failed" : `Failed: ${error.message}`,
      who: error?.hint ?? "",
      path: error?.task ?? null,
    };
  }
  if (summary.state === "dead-lettered") {
    return {
      ...none,
      mood: "dead-lettered",
      title: "Set aside: the worker crashed again and again on this run",
      who: summary.headline,
      since: state.lastAt,
    };
  }
  if (phase.name === "cancelling") {
    return {
      ...none,
      mood: "cancelling",
      title: "Cancelling: what is under way is being stopped",
      who: `${phase.by.name} asked for it${phase.reason === "" ? "" : `: ${phase.reason}`}`,
      since: phase.since,
    };
  }
  if (phase.name === "created") {
    const waitsForTurn = summary.headline.startsWith("Queued: ");
    return {
      ...none,
      mood: "queued",
      title: waitsForTurn ? summary.headline : "Queued: a worker takes it up in a moment",
      who: waitsForTurn ? "It begins when one that was started before it is over" : "",
    };
  }
  if (state.paused !== null) return pausedHeader(state, state.paused);
  return waitingHeader(state, approvals, flow) ?? activityHeader(state, flow, phase.name === "finishing");
}

function pausedHeader(state: RunState, paused: NonNullable<RunState["paused"]>): Header {
  const calls = openTasks(state)
    .filter((task) => task.status.name === "running")
    .reduce((count, task) => count + task.effects.filter((effect) => effect.end === null).length, 0);
  const still = calls === 1 ? "one call is" : `${calls} calls are`;
  return {
    mood: "paused",
    title: `Paused by ${paused.by.name}`,
    who: paused.reason === "" ? "Nothing begins until it goes on" : paused.reason,
    since: paused.since,
    until: null,
    meanwhile: calls === 0 ? "" : `${still} still under way`,
    path: null,
  };
}

/** "Done", and in a few words what came of it where an output is a sentence. */
function doneTitle(outputs: Readonly<Record<string, unknown>> | null): string {
  for (const value of Object.values(outputs ?? {})) {
    if (typeof value !== "string" || /^\s*[{[]/.test(value)) continue;
    const line = (value.trim().split("\n")[0] ?? "").replace(/[*_`#]+/g, "").trim();
    const sentence = /^.*?[.!?](?=\s|$)/.exec(line)?.[0] ?? line;
    if (sentence.split(/\s+/).length >= 3 && sentence.length <= 90) return `Done: ${sentence}`;
  }
  return "Done";
}

function waitingHeader(state: RunState, views: readonly ApprovalView[], flow: Flow | null): Header | null {
  const waiting = openTasks(state).flatMap((task) => {
    const approval = pendingApproval(task);
    return approval === undefined ? [] : [{ task, approval }];
  });
  const viewOf = (id: string): ApprovalView | undefined => views.find((view) => view.id === id);
  const first = waiting.find(({ approval }) => viewOf(approval.approvalId)?.mayDecide === true) ?? waiting[0];
  if (first === undefined) return null;
  const view = viewOf(first.approval.approvalId);
  const mine = view?.mayDecide === true;
  const names = view?.deciders ?? [];
  const roles = first.approval.ask.by.roles;
  const whom = mine
    ? "you"
    : names.length > 0
      ? either(names)
      : roles.length > 0
        ? either(roles.map(plural))
        : "an approver";
  const verb = first.approval.ask.kind === "form" ? "answer" : "decide";
  const others = waiting.length > 1 ? `${waiting.length - 1} more waiting` : "";
  const active = activityOf(state, flow, first.task.path);
  return {
    mood: "waiting",
    title: `Waiting for ${whom}: ${lowerFirst(first.approval.ask.title)}`,
    who: names.length > 0 ? `${either(names)} can ${verb}` : "",
    since: first.approval.requestedAt,
    until: first.approval.deadline,
    meanwhile: [active === null ? "" : `${active.text} meanwhile`, others].filter(Boolean).join(", "),
    path: first.task.path,
  };
}

function activityHeader(state: RunState, flow: Flow | null, finishing: boolean): Header {
  const active = activityOf(state, flow, null);
  if (active !== null) {
    return {
      mood: "running",
      title: upperFirst(active.text),
      who: active.label,
      since: active.since,
      until: null,
      meanwhile: active.others > 0 ? `${active.others} more under way` : "",
      path: active.path,
    };
  }
  const still = openTasks(state);
  const retrying = still.find((task) => task.status.name === "retrying");
  if (retrying?.status.name === "retrying") {
    return {
      mood: "retrying",
      title: `${retrying.id} will be tried again`,
      who: retrying.status.error.message,
      since: retrying.failedAttempts.at(-1)?.at ?? null,
      until: retrying.status.dueAt,
      meanwhile: "",
      path: retrying.path,
    };
  }
  const timed = still.find((task) => taskRowState(task) === "timer");
  if (timed !== undefined) {
    return {
      mood: "timer",
      title: waitTitle(timed, flow),
      who: "",
      since: timed.startedAt,
      until: dueAt(state, timed.path),
      meanwhile: "",
      path: timed.path,
    };
  }
  const last = still.at(-1);
  const title = last === undefined || flow === null ? undefined : definitionAt(flow, last.path)?.title;
  return {
    mood: "running",
    title: finishing
      ? "Finishing"
      : last === undefined
        ? "Running"
        : (title ?? `${upperFirst(last.id)} is under way`),
    who: "",
    since: last?.startedAt ?? state.lastAt,
    until: null,
    meanwhile: "",
    path: last?.path ?? null,
  };
}

/** What a task waits for that is no person, in a sentence. */
function waitTitle(task: TaskState, flow: Flow | null): string {
  if (task.status.name === "locking") return `Waits for the lock ${task.lock?.name ?? ""}`.trim();
  const child = childAwaited(task);
  if (child?.facts) return `Waits for run #${child.facts.number} of ${child.facts.title}`;
  if (task.awaited !== undefined) {
    const { name, about } = task.awaited;
    return `Waits for the event ${name}${about === "" ? "" : ` for ${about}`}`;
  }
  const title = flow === null ? undefined : definitionAt(flow, task.path)?.title;
  return title ?? `${upperFirst(task.id)} waits for its time`;
}

/** When the task's waiting ends, by its timer. */
export function dueAt(state: RunState, path: string): number | null {
  const timers = Object.values(state.timers).filter((timer) => timer.path === path);
  return timers.length === 0 ? null : Math.min(...timers.map((timer) => timer.dueAt));
}

function activityOf(
  state: RunState,
  flow: Flow | null,
  except: string | null,
): { text: string; label: string; since: number; path: string; others: number } | null {
  const found: { text: string; label: string; since: number; path: string }[] = [];
  for (const task of openTasks(state)) {
    const effect = task.effects.findLast((one) => one.end === null);
    if (effect === undefined) {
      continue;
    }
    if (effect.kind === "tool" && task.approvals.some((one) => one.callId === effect.callId && !one.end))
      continue;
    if (task.path === except && effect.kind === "tool") continue;
    const title = flow === null ? undefined : definitionAt(flow, task.path)?.title;
    const steps = task.effects.filter((one) => one.kind === "model").length;
    found.push({
      text:
        effect.kind === "tool"
          ? `${effect.agent === null || effect.agent === "" ? task.id : effect.agent} calls ${effect.tool}`
          : title !== undefined
            ? `${effect.agent}: ${lowerFirst(title)}`
            : effect.agent === task.id
              ? `${effect.agent} is at work`
              : `${effect.agent} works on ${task.id}`,
      label: effect.kind === "model" && steps > 1 ? `step ${steps}` : "",
      since: effect.begunAt,
      path: task.path,
    });
  }
  const latest = found.toSorted((a, b) => b.since - a.since)[0];
  return latest === undefined ? null : { ...latest, others: found.length - 1 };
}

/** Tasks that have begun and are not over, in the order begun. */
export function openTasks(state: RunState): readonly TaskState[] {
  return state.order
    .map((path) => state.tasks[path])
    .filter((task) => task !== undefined)
    .filter((task) => task.finishedAt === null && !["skipped", "cancelled"].includes(task.status.name));
}

/**
 * The task to look at when nobody chose one: what waits for a person, else what an agent does now, else what began
 * last; when the run is over, none: then the result is shown.
 */
export function newestPath(state: RunState): string | null {
  if (state.phase.name === "finished") return state.phase.outcome === "failed" ? failedPath(state) : null;
  const open = openTasks(state);
  const waiting = open.find((task) => pendingApproval(task) !== undefined);
  if (waiting !== undefined) return waiting.path;
  const working = open
    .filter((task) => task.effects.some((effect) => effect.end === null))
    .toSorted((a, b) => (b.effects.at(-1)?.begunAt ?? 0) - (a.effects.at(-1)?.begunAt ?? 0))[0];
  if (working !== undefined) return working.path;
  const leaf = open.filter((task) => Object.keys(task.blocks).length === 0).at(-1);
  return leaf?.path ?? state.order.at(-1) ?? null;
}

function failedPath(state: RunState): string | null {
  if (state.phase.name !== "finished") return null;
  const path = state.phase.error?.task ?? null;
  return path !== null && path in state.tasks ? path : null;
}

function plural(role: string): string {
  return role.endsWith("s") ? role : `${role}s`;
}
function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
/** Lower case after a colon, unless the word is a name or an abbreviation ("IP", "SSH"). */
function lowerFirst(text: string): string {
  const [first = "", second = ""] = text;
  return second !== "" && second === second.toUpperCase() && /\p{L}/u.test(second)
    ? text
    : first.toLowerCase() + text.slice(1);
}
