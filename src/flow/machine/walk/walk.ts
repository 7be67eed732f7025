import { BatonError, isBlobRef, type BlobRef, type Json } from "#base/index.ts";
import { evaluateCondition, evaluateExpression } from "../../expression/evaluate.ts";
import { evaluateTemplate } from "../../expression/template.ts";
import type { Expression, Flow, Task, Template } from "../../language/definition.ts";
import { memoryGrantOf, memoryRefusal } from "../../language/memory.ts";
import type { MachineContext } from "../contract.ts";
import { Draft } from "../draft.ts";
import type { RunEventBody, TaskPath, Text, Value } from "../events.ts";
import { apply } from "../fold/evolve.ts";
import type { RunState, TaskState } from "../state.ts";
import type { AnyHead } from "../heads/head.ts";
import { partFlow } from "../part.ts";
import { endAsAsked } from "../sandbox/answer.ts";
import { makeScope } from "./scope.ts";

/** Thrown when a decision needs blobs, or entries of memory, that are not at hand; ends the walk. */
export class NeedsBlob extends Error {
  readonly refs: readonly BlobRef[];
  readonly memory: readonly string[];
  constructor(refs: readonly BlobRef[], memory: readonly string[] = []) {
    super("A blob is needed.");
    this.refs = refs;
    this.memory = memory;
  }
}

/** The machine's parts that need each other: heads hold tasks, and tasks have heads. */
export type Rules = {
  headOf(task: Task): AnyHead;
  /** Starts a task of a block, or skips it. */
  begin(walk: Walk, task: Task, path: TaskPath): void;
  /** Carries a task on as far as it goes; `cancel` stops it. */
  step(walk: Walk, task: Task, path: TaskPath, cancel: boolean): void;
};

/**
 * One look ahead: events are collected and folded into a passing draft as they are made, so that what follows from
 * them is decided in the same walk.
 */
export class Walk {
  readonly rules: Rules;
  readonly context: MachineContext;
  readonly draft: Draft;
  readonly events: RunEventBody[] = [];
  #needed: NeedsBlob | undefined;

  constructor(state: RunState, context: MachineContext, rules: Rules) {
    this.rules = rules;
    this.context = context;
    this.draft = new Draft(state, false);
  }

  /** What is carried out: the flow, or the part of it that is this run's. */
  get flow(): Flow {
    const { part } = this.draft.run;
    return part ? partFlow(this.context.flow, part.path) : this.context.flow;
  }

  get now(): number {
    return this.context.now;
  }

  emit(body: RunEventBody): void {
    this.events.push(body);
    apply(this.draft, body, this.context.now);
    endAsAsked(this, body);
  }

  task(path: TaskPath): TaskState | undefined {
    return this.draft.task(path);
  }

  /** State of a task that is known to be there. */
  at(path: TaskPath): TaskState {
    const task = this.draft.task(path);
    if (!task) throw new BatonError("internal", `The run has no task at "${path}".`);
    return task;
  }

  /** Content of a value. Throws {@link NeedsBlob} when it is a blob that is not at hand. */
  open(value: Value): Json {
    if (!isBlobRef(value)) return value as Json;
    const content = this.context.blob(value);
    if (content !== undefined) return content;
    this.#needed = new NeedsBlob([value]);
    throw this.#needed;
  }

  /**
   * What memory holds under a key, read for a task. It is asked once a decision and journaled: going over the journal
   * again reads nothing. Throws {@link NeedsBlob} until it is at hand.
   */
  remembered(key: string, path: TaskPath): Json {
    const { memory, flow } = this.context;
    if (memory === undefined) throw new BatonError("misconfigured", "This run has no memory.");
    const refusal = memoryRefusal(memoryGrantOf(flow, null), "read", key);
    if (refusal !== undefined) throw new BatonError("forbidden", refusal);
    const found = memory(key);
    if (found === undefined) {
      this.#needed = new NeedsBlob([], [key]);
      throw this.#needed;
    }
    const { value, version } = found;
    if (!this.events.some((one) => one.type === "memory-read" && one.path === path && one.key === key)) {
      this.emit({ type: "memory-read", path, key, version, value });
    }
    return value;
  }

  /** Content of a text. Throws {@link NeedsBlob} when it is a blob that is not at hand. */
  openText(text: Text): string {
    return typeof text === "string" ? text : asText(this.open(text));
  }

  /**
   * Content of what a task that holds tasks yielded: large outputs of those are references within it. All that are
   * not at hand are asked for at once.
   */
  openWithin(value: Value): Json {
    const missing: BlobRef[] = [];
    const visit = (item: Json): Json => {
      if (item === null || typeof item !== "object") return item;
      if (isBlobRef(item)) {
        const content = this.context.blob(item);
        if (content === undefined) missing.push(item);
        return content === undefined ? null : visit(content);
      }
      if (Array.isArray(item)) return item.map((one: Json) => visit(one));
      return Object.fromEntries(Object.entries(item).map(([name, one]) => [name, visit(one as Json)]));
    };
    const opened = visit(value as Json);
    if (missing.length === 0) return opened;
    this.#needed = new NeedsBlob(missing);
    throw this.#needed;
  }

  evaluate(expression: Expression, path: TaskPath, extra?: Readonly<Record<string, unknown>>): Json {
    return this.#guard(() => evaluateExpression(expression, makeScope(this, path, extra)));
  }

  holds(expression: Expression, path: TaskPath, extra?: Readonly<Record<string, unknown>>): boolean {
    return this.#guard(() => evaluateCondition(expression, makeScope(this, path, extra)));
  }

  fill(template: Template, path: TaskPath, extra?: Readonly<Record<string, unknown>>): Json {
    if (!hasExpression(template)) return template;
    return this.#guard(() => evaluateTemplate(template, makeScope(this, path, extra)));
  }

  /** A template as text: strings as they are, other values as JSON. */
  text(template: Template, path: TaskPath, extra?: Readonly<Record<string, unknown>>): string {
    return asText(this.fill(template, path, extra));
  }

  /** The expression library wraps what is thrown inside of it: the need for a blob must come through. */
  #guard<T>(action: () => T): T {
    this.#needed = undefined;
    let result: T;
    try {
      result = action();
    } catch (error) {
      throw this.#needed ?? error;
    }
    if (this.#needed) throw this.#needed;
    return result;
  }
}

export function asText(value: Json): string {
  if (typeof value === "string") return value;
  return value === null ? "" : JSON.stringify(value);
}

/** The first `most` characters, with "…" where more were there. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

function hasExpression(template: Template): boolean {
  if (typeof template === "string") return template.includes("{{");
  if (template === null || typeof template !== "object") return false;
  return Object.values(template).some((item: Template) => hasExpression(item));
}
