import { isObject, type Json } from "#base/index.ts";
import { isExpressionError } from "../expression/errors.ts";
import type { Flow } from "../language/definition.ts";
import { readCondition } from "../language/parts.ts";
import type { RunEvent, TaskPath } from "./events.ts";
import { foldEvents } from "./fold/evolve.ts";
import { initial } from "./fold/initial.ts";
import { headOf } from "./heads/table.ts";
import { staticPath } from "./paths.ts";
import type { RunState } from "./state.ts";
import { begin, step } from "./walk/life.ts";
import { NeedsBlob, Walk } from "./walk/walk.ts";

/** Where in a run an expression of a task is looked at. */
export type Moment = {
  /** The run as it was right before the task began; where it never did, as it is now. */
  readonly state: RunState;
  /** The task's last instance; its place in the text where it never began. */
  readonly path: TaskPath;
  readonly begun: boolean;
  /** Epoch milliseconds. */
  readonly at: number;
};

/** What an expression yields, or why that can't be told. */
export type Preview =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly why: string };

/** The moment at which a run last began a task, or skipped it. */
export function momentBefore(events: readonly RunEvent[], task: TaskPath): Moment {
  const index = events.findLastIndex(({ body }) => {
    const own = body.type === "event-copied" ? body.body : body;
    return (
      (own.type === "task-started" || own.type === "task-skipped" || own.type === "lock-requested") &&
      staticPath(own.path) === task
    );
  });
  const found = events[index];
  if (found === undefined) {
    return {
      state: foldEvents(initial(), events),
      path: task,
      begun: false,
      at: events.at(-1)?.at ?? 0,
    };
  }
  const own = found.body.type === "event-copied" ? found.body.body : found.body;
  return {
    state: foldEvents(initial(), events.slice(0, index)),
    path: "path" in own ? own.path : task,
    begun: true,
    at: found.at,
  };
}

/**
 * What a template, or a condition, of a flow yields at a moment of a run: by the same rules as the run itself. Opens no large values,
 * reads no memory, and knows no secrets: those stay references.
 */
export function previewOf(
  { state, path, at }: Moment,
  flow: Flow,
  runId: string,
  wanted: { readonly template: Json; readonly isCondition: boolean },
): Preview {
  const walk = new Walk(
    state,
    {
      flow,
      runId,
      now: at,
      random: (count) => new Uint8Array(count),
      tools: { get: () => undefined, names: () => [] },
      blob: () => undefined,
      memory: () => undefined,
      sha256: () => "",
    },
    { headOf, begin, step },
  );
  try {
    const { template, isCondition } = wanted;
    if (!isCondition) return { ok: true, value: walk.fill(template, path) };
    return { ok: true, value: walk.evaluate(readCondition(String(template)), path) };
  } catch (error) {
    return { ok: false, why: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof NeedsBlob) {
    return error.memory.length > 0
      ? `It reads ${error.memory.join(", ")} of memory, which is only read by runs.`
      : "It reads a value that is too large to be shown here.";
  }
  if (isExpressionError(error)) return error.message;
  return "It can't be evaluated against this run.";
}

/** A value for people: secrets as what they are, not what they hold. */
export function shownSecrets(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => shownSecrets(item));
  if (!isObject(value)) return value;
  const { $secret: secret, $template: template } = value as { $secret?: Json; $template?: Json };
  if (typeof secret === "string") return "•••";
  if (Array.isArray(template)) {
    return template.map((part: Json) => (typeof part === "string" ? part : "•••")).join("");
  }
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shownSecrets(item as Json)]));
}
