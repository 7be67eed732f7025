import { isBlobRef, isObject, type Json } from "#base/index.ts";
import { lengthOfTime } from "../../expression/length.ts";
import { bindMemory } from "../../expression/memory.ts";
import { ownSecret } from "../../expression/environment.ts";
import { inputSecret, isInputSecret, secretInputs } from "../../values/secret-inputs.ts";
import { definitionsOf } from "../definitions.ts";
import type { TaskPath, Value } from "../events.ts";
import { childPath, errorsSlot, finallySlot, iterationOf, iterationSlot, placeOf } from "../paths.ts";
import type { RunState, TaskState } from "../state.ts";
import { tokensOf } from "../totals.ts";
import type { Walk } from "./walk.ts";

type Names = Record<string, unknown>;

/**
 * What names mean to an expression at `path`. Lazy: only what the expression reads is looked up. `tasks.x` is the
 * instance in the same iteration, as far as the two share one.
 */
export function makeScope(walk: Walk, path: TaskPath, extra?: Readonly<Names>): Names {
  const scope: Names = {
    tasks: tasksAt(walk, path),
    now: new Date(walk.now),
    run: runFacts(walk),
  };
  lazy(scope, "inputs", () => inputsOf(walk, walk.draft.run.inputs));
  lazy(scope, "vars", () => openAll(walk, walk.draft.run.vars));
  if (path !== "") local(scope, walk, path);
  else if (walk.draft.run.phase.name === "finishing" && walk.draft.run.phase.error) {
    scope["error"] = walk.draft.run.phase.error;
  }
  for (const [name, value] of Object.entries(extra ?? {})) {
    Object.defineProperty(scope, name, { value, enumerable: true, configurable: true });
  }
  bindMemory(scope, (key) => walk.remembered(key, path));
  return scope;
}

/** `index` of the nearest iteration, `item` of the nearest `foreach`, `round` of the nearest `loop`, `error` of the nearest handler. */
function local(scope: Names, walk: Walk, path: TaskPath): void {
  for (let at = path; at !== "";) {
    const { parent, slot } = placeOf(at);
    if (slot.startsWith("[")) {
      const index = iterationOf(slot);
      const name = parent;
      // In a part, the first item is not the first of all.
      const before = placeOf(name).parent === "" ? (walk.draft.run.part?.from ?? 0) : 0;
      if (!("index" in scope)) scope["index"] = index + before;
      if (walk.task(parent)?.kind === "loop") scope["round"] ??= index + 1;
      else if (!("item" in scope)) lazy(scope, "item", () => itemOf(walk, name, index));
    }
    if ((slot === errorsSlot || slot === finallySlot) && !("error" in scope)) {
      const error = errorAt(walk, parent);
      if (error) scope["error"] = error;
    }
    at = parent;
  }
  const { part } = walk.draft.run;
  if (part && part.error !== null && !("error" in scope)) lazy(scope, "error", () => walk.open(part.error));
}

/** What `error` means at a task; null where it means nothing. */
export function errorFor(walk: Walk, path: TaskPath): Value {
  const scope: Names = {};
  local(scope, walk, path);
  return (scope["error"] as Value | undefined) ?? null;
}

function errorAt(walk: Walk, path: TaskPath): unknown {
  if (path === "") {
    const { phase } = walk.draft.run;
    return phase.name === "finishing" && phase.error ? { task: "", ...phase.error } : undefined;
  }
  const status = walk.task(path)?.status;
  return status?.name === "failing" ? { task: path, ...status.error } : undefined;
}

/** Item `index` of a `foreach`: of a list the element, of a map `{ key, value }`. */
export function itemOf(walk: Walk, path: TaskPath, index: number): Json {
  const data = walk.open(walk.at(path).data);
  const items = isObject(data) ? data["items"] : undefined;
  return Array.isArray(items) ? ((items as Json[])[index] ?? null) : null;
}

/** What `run` means to an expression. */
export function runFacts(walk: Walk): Names {
  const { run } = walk.draft;
  const facts: Names = {
    id: walk.context.runId,
    state: runStateName(run),
    startedAt: new Date(run.startedAt),
    simulated: run.simulated,
    cost: run.usage.cost,
    unknownCosts: run.usage.unknownCosts,
    tokens: tokensOf(run.usage),
    modelCalls: run.usage.modelCalls,
    toolCalls: run.usage.toolCalls,
    startedBy: run.startedBy,
    labels: run.labels ?? {},
  };
  lazy(facts, "duration", () => lengthOfTime(run.startedAt, walk.now));
  return facts;
}

function runStateName(run: RunState): string {
  const { phase } = run;
  return phase.name === "finishing" || phase.name === "finished" ? phase.outcome : phase.name;
}

/** Inputs by name. Those of type `secret` are references, as `secret('NAME')` is one. */
export function inputsOf(walk: Walk, inputs: Readonly<Record<string, Value>>): Names {
  const names = openAll(walk, inputs);
  const secret = secretInputs(walk.flow).filter((name) => isInputSecret(inputs[name], name));
  if (secret.length === 0) return names;
  const scope: Names = Object.defineProperties({}, Object.getOwnPropertyDescriptors(names));
  for (const name of secret) lazy(scope, name, () => ownSecret(inputSecret(name)));
  return scope;
}

/** Values by name, each opened when it is read. */
export function openAll(walk: Walk, values: Readonly<Record<string, Value>>): Names {
  if (!Object.values(values).some(isBlobRef)) return values as Names;
  const scope: Names = {};
  for (const [name, value] of Object.entries(values)) lazy(scope, name, () => walk.open(value));
  return scope;
}

function lazy(target: Names, name: string, get: () => unknown): void {
  Object.defineProperty(target, name, { get, enumerable: true, configurable: true });
}

/** The map `tasks`, which answers for every id of the flow and looks a task up when it is read. */
function tasksAt(walk: Walk, path: TaskPath): object {
  const { byId } = definitionsOf(walk.flow);
  const given = walk.draft.run.part?.tasks ?? {};
  const isKnown = (id: string | symbol): id is string =>
    typeof id === "string" && (byId.has(id) || Object.hasOwn(given, id));
  const facts = (id: string): Names =>
    byId.has(id) ? taskFacts(walk, path, id) : givenFacts(walk, given[id] ?? null);
  return new Proxy(Object.create(null) as object, {
    get: (_, id) => (isKnown(id) ? facts(id) : undefined),
    has: (_, id) => isKnown(id),
    ownKeys: () => [...new Set([...byId.keys(), ...Object.keys(given)])],
    getOwnPropertyDescriptor: (_, id) =>
      isKnown(id)
        ? {
            value: facts(id),
            enumerable: true,
            configurable: true,
            writable: false,
          }
        : undefined,
  });
}

/** What a run that carries out a part must know of a task outside of it. Its output stays the reference that it is. */
export function seedOf(walk: Walk, from: TaskPath, id: string): Json {
  const staticPath = definitionsOf(walk.flow).byId.get(id);
  if (staticPath === undefined) return (walk.draft.run.part?.tasks[id] ?? null) as Json;
  const found = resolve(walk, from, staticPath);
  const task = found.kind === "one" ? walk.task(found.path) : undefined;
  return {
    state: task?.status.name ?? "pending",
    error: (task && "error" in task.status ? task.status.error : null) as Json,
    attempts: task?.attempt ?? 0,
    cost: task?.usage.cost ?? 0,
    startedAt: task?.startedAt ?? null,
    finishedAt: task?.finishedAt ?? null,
    output: (task?.status.name === "succeeded" ? task.status.output : null) as Json,
  };
}

function givenFacts(walk: Walk, seed: Value): Names {
  const known = walk.open(seed);
  const { output = null, startedAt, finishedAt, ...facts }: Names = isObject(known) ? { ...known } : {};
  facts["startedAt"] = typeof startedAt === "number" ? new Date(startedAt) : null;
  facts["finishedAt"] = typeof finishedAt === "number" ? new Date(finishedAt) : null;
  lazy(facts, "output", () => walk.openWithin(output as Value));
  lazy(facts, "items", () => walk.openWithin(output as Value));
  return facts;
}

function taskFacts(walk: Walk, from: TaskPath, id: string): Names {
  const staticPath = definitionsOf(walk.flow).byId.get(id) ?? id;
  const found = resolve(walk, from, staticPath);
  if (found.kind === "many") return manyFacts(walk, found);
  const facts = factsOf(walk, walk.task(found.path));
  const { parent, slot } = placeOf(found.path);
  if (slot.startsWith("[")) {
    const rest = { kind: "many" as const, foreach: parent, below: [id] };
    lazy(facts, "items", () => itemsOf(walk, rest));
  }
  return facts;
}

function factsOf(walk: Walk, task: TaskState | undefined): Names {
  const facts: Names = {
    state: task?.status.name ?? "pending",
    error: task && "error" in task.status ? task.status.error : null,
    attempts: task?.attempt ?? 0,
    cost: task?.usage.cost ?? 0,
    startedAt: task ? new Date(task.startedAt) : null,
    finishedAt: task?.finishedAt ? new Date(task.finishedAt) : null,
  };
  lazy(facts, "output", () => outputOf(walk, task));
  if (task?.kind === "foreach") lazy(facts, "items", () => outputOf(walk, task));
  return facts;
}

/** Kinds of tasks whose output is made of those of the tasks that they hold. */
const holders: ReadonlySet<string> = new Set([
  "foreach",
  "loop",
  "parallel",
  "dag",
  "sequence",
  "if",
  "switch",
  "flow",
]);

function outputOf(walk: Walk, task: TaskState | undefined): Json {
  if (task?.status.name !== "succeeded") return null;
  const { output } = task.status;
  return holders.has(task.kind) ? walk.openWithin(output) : walk.open(output);
}

function repeats(kind: string | undefined): boolean {
  return kind === "foreach" || kind === "loop";
}

type Many = {
  readonly kind: "many";
  /** Path of the innermost `foreach` that both share no iteration of. */
  readonly foreach: TaskPath;
  /** Segments below one iteration. */
  readonly below: readonly string[];
};

/**
 * The instance of a task that `from` sees: of a `loop` that `from` is not in, that of the last round; "many" when the
 * task is repeated by a `foreach` that `from` is not in.
 */
function resolve(walk: Walk, from: TaskPath, target: TaskPath): { kind: "one"; path: TaskPath } | Many {
  const { byPath } = definitionsOf(walk.flow);
  const steps = target.split("/");
  const own = from.split("/");
  let path = "";
  let staticSoFar = "";
  for (let i = 0; i < steps.length; i += 1) {
    const step = steps[i] ?? "";
    path = path === "" ? step : `${path}/${step}`;
    staticSoFar = staticSoFar === "" ? step : `${staticSoFar}/${step}`;
    const isLast = i === steps.length - 1;
    const next = steps[i + 1] ?? "";
    const kind = byPath.get(staticSoFar)?.task.kind;
    if (isLast || next.startsWith("!") || !repeats(kind)) continue;
    const mine = own[i] ?? "";
    const shared = own.slice(0, i).join("/") === path.slice(0, Math.max(0, path.length - step.length - 1));
    if (!shared || !mine.startsWith(`${step}[`)) {
      if (kind === "foreach") return { kind: "many", foreach: path, below: steps.slice(i + 1) };
      path += iterationSlot(Math.max(0, (walk.task(path)?.inside.iterations.entered ?? 0) - 1));
      continue;
    }
    path += mine.slice(step.length);
  }
  return { kind: "one", path };
}

function manyFacts(walk: Walk, many: Many): Names {
  const facts = factsOf(walk, undefined);
  lazy(facts, "items", () => itemsOf(walk, many));
  const holder = walk.task(many.foreach);
  facts["state"] = holder ? holder.status.name : "pending";
  return facts;
}

/** Facts of a task by iteration. */
function itemsOf(walk: Walk, many: Many): unknown[] {
  const holder = walk.task(many.foreach);
  const items: unknown[] = [];
  for (let index = 0; index < (holder?.inside.iterations.entered ?? 0); index += 1) {
    const [first = "", ...rest] = many.below;
    const path = [childPath(many.foreach, iterationSlot(index), first), ...rest].join("/");
    items.push(factsOf(walk, walk.task(path)));
  }
  return items;
}
