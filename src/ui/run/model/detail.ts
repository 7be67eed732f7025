import type { Json } from "#base/index.ts";
import type {
  ApprovalState,
  EffectState,
  RunState,
  StoredMessage,
  TaskState,
  Text,
  Value,
} from "#flow/machine/index.ts";
import { chosenBy, earlierAttempts } from "./tree.ts";

type ModelEffect = Extract<EffectState, { kind: "model" }>;
type ToolEffect = Extract<EffectState, { kind: "tool" }>;

/** One thing in the middle column, in the order in which it happened. */
export type DetailItem =
  | { readonly kind: "asked"; readonly id: string; readonly text: Text; readonly files: readonly Json[] }
  | {
      readonly kind: "attempt";
      readonly id: string;
      readonly attempt: number;
      readonly message: string;
      readonly hint: string;
    }
  | { readonly kind: "model"; readonly id: string; readonly call: ModelEffect; readonly isFinal: boolean }
  | {
      readonly kind: "tool";
      readonly id: string;
      readonly tool: string;
      readonly args: unknown;
      readonly call: ToolEffect | null;
      readonly approval: ApprovalState | null;
      readonly denied: string | null;
    }
  | { readonly kind: "approval"; readonly id: string; readonly approval: ApprovalState }
  | { readonly kind: "feedback"; readonly id: string; readonly text: Text }
  | {
      readonly kind: "log";
      readonly id: string;
      readonly level: string;
      readonly message: Text;
      readonly at: number;
    };

/** What a task has done so far, to be read from the top. */
export function detailOf(task: TaskState): readonly DetailItem[] {
  const items: DetailItem[] = earlierAttempts(task).map((attempt) => ({
    kind: "attempt" as const,
    id: `attempt:${attempt.attempt}`,
    attempt: attempt.attempt,
    message: attempt.error.message,
    hint: [attempt.error.hint ?? "", chosenBy(attempt).trim()].filter(Boolean).join(" "),
  }));
  const asked = task.messages.find((message) => message.role === "user");
  if (asked?.role === "user") {
    items.push({ kind: "asked", id: "asked", text: asked.text, files: asked.files ?? [] });
  }
  const models = task.effects.filter((effect) => effect.kind === "model");
  const later = feedbackByStep(task.messages);
  const used = new Set<string>();
  models.forEach((call, index) => {
    const feedback = index === 0 ? undefined : later.get(index - 1);
    if (feedback !== undefined) items.push({ kind: "feedback", id: `feedback:${index}`, text: feedback });
    const toolCalls = call.end?.name === "finished" ? call.end.toolCalls : [];
    items.push({ kind: "model", id: call.key, call, isFinal: toolCalls.length === 0 });
    for (const wanted of toolCalls) {
      used.add(wanted.callId);
      items.push(toolItem(task, wanted.callId, wanted.tool, wanted.args));
    }
  });
  for (const effect of task.effects) {
    if (effect.kind === "tool" && !used.has(effect.callId)) {
      used.add(effect.callId);
      items.push(toolItem(task, effect.callId, effect.tool, effect.args));
    }
  }
  for (const approval of task.approvals) {
    if (approval.callId !== null && used.has(approval.callId)) continue;
    const call = approval.ask.call;
    items.push(
      call !== null && approval.callId !== null
        ? toolItem(task, approval.callId, call.tool, call.args)
        : { kind: "approval", id: approval.approvalId, approval },
    );
  }
  task.logs.forEach((log, index) => items.push({ kind: "log", id: `log:${index}`, ...log }));
  return items;
}

function toolItem(task: TaskState, callId: string, tool: string, args: unknown): DetailItem {
  const call = task.effects.findLast((effect) => effect.kind === "tool" && effect.callId === callId);
  const approval = task.approvals.findLast((one) => one.callId === callId) ?? null;
  const message = task.messages.find((one) => one.role === "tool" && one.callId === callId);
  const isRefused = call === undefined && message?.role === "tool" && message.isError;
  return {
    kind: "tool",
    id: call?.key ?? approval?.approvalId ?? callId,
    tool,
    args,
    call: call?.kind === "tool" ? call : null,
    approval,
    denied: isRefused && message.role === "tool" ? plainText(message.result) : null,
  };
}

/** What the agent was told after its n-th answer besides tools' results: errors of its answer, mostly. */
function feedbackByStep(messages: readonly StoredMessage[]): ReadonlyMap<number, Text> {
  const result = new Map<number, Text>();
  let answers = -1;
  let isFirst = true;
  for (const message of messages) {
    if (message.role === "assistant") answers += 1;
    if (message.role === "user") {
      if (!isFirst && answers >= 0) result.set(answers, message.text);
      isFirst = false;
    }
  }
  return result;
}

function plainText(value: Value): string {
  if (typeof value === "string") return value;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const error = "error" in value ? value["error"] : "message" in value ? value["message"] : undefined;
    if (typeof error === "string") return error;
    if (
      typeof error === "object" &&
      error !== null &&
      "message" in error &&
      typeof error["message"] === "string"
    )
      return error["message"];
  }
  return JSON.stringify(value);
}

/** The JSON object or list that an answer's text is, else null: answers by shape are shown as fields. */
export function asFields(text: string): Json | null {
  const trimmed = text
    .trim()
    .replace(/^```(?:json)?\n([\s\S]*)\n```$/, "$1")
    .trim();
  if (
    !(trimmed.startsWith("{") && trimmed.endsWith("}")) &&
    !(trimmed.startsWith("[") && trimmed.endsWith("]"))
  )
    return null;
  try {
    return JSON.parse(trimmed) as Json;
  } catch {
    return null;
  }
}

/** A line of the run's log, with the task that wrote it. */
export type LogLine = {
  readonly path: string;
  readonly level: string;
  readonly message: Text;
  readonly at: number;
};

/** All log lines of a run, oldest first. */
export function logLines(state: RunState): readonly LogLine[] {
  return state.order
    .flatMap((path) => (state.tasks[path]?.logs ?? []).map((log) => ({ path, ...log })))
    .toSorted((a, b) => a.at - b.at);
}

/** One row of the cost table. */
export type CostLine = {
  readonly model: string;
  readonly provider: string;
  readonly simulated: boolean;
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cost: number;
  readonly unknownCosts: number;
};

/** What the runs used that this one started and waited for; null where none has used anything. */
export function runsBelow(
  state: RunState,
): { runs: number; tokens: number; cost: number | "unknown" } | null {
  const used = state.order
    .flatMap((path) => state.tasks[path]?.children ?? [])
    .flatMap(({ settled }) => (settled && (settled.tokens > 0 || settled.cost > 0) ? [settled] : []));
  if (used.length === 0) return null;
  const cost = used.reduce((sum, one) => sum + one.cost, 0);
  const unknown = cost === 0 && used.some((one) => one.unknownCosts > 0);
  return {
    runs: used.length,
    tokens: used.reduce((sum, one) => sum + one.tokens, 0),
    cost: unknown ? "unknown" : cost,
  };
}

/** What each model cost in this run (present attempts), the dearest first. */
export function costLines(state: RunState): readonly CostLine[] {
  const lines = new Map<string, CostLine>();
  for (const path of state.order) {
    for (const effect of state.tasks[path]?.effects ?? []) {
      if (effect.kind !== "model" || effect.end?.name !== "finished") continue;
      const { provider, model, simulated, usage, cost } = effect.end;
      const key = `${provider} ${model}`;
      const line = lines.get(key) ?? {
        model,
        provider,
        simulated,
        calls: 0,
        inputTokens: 0,
        outputTokens: 0,
        cost: 0,
        unknownCosts: 0,
      };
      lines.set(key, {
        ...line,
        calls: line.calls + 1,
        inputTokens: line.inputTokens + (usage.inputTokens ?? 0),
        outputTokens: line.outputTokens + (usage.outputTokens ?? 0),
        cost: line.cost + (cost === "unknown" ? 0 : cost),
        unknownCosts: line.unknownCosts + (cost === "unknown" ? 1 : 0),
      });
    }
  }
  return [...lines.values()].toSorted((a, b) => b.cost - a.cost || b.calls - a.calls);
}
