import { isObject } from "#base/index.ts";
import type { Flow, Task } from "../language/definition.ts";
import type { ParsedFlow } from "../language/parse.ts";
import type { DocumentPath } from "../language/source.ts";
import { blocksOf } from "../language/blocks.ts";
import { templateParts } from "../expression/template.ts";

/** One step on the way from the flow to a task. */
export type Step = {
  /** The task that holds the list; null for the flow itself. */
  readonly owner: Task | null;
  readonly block: string;
  readonly index: number;
};

export type SurveyedTask = {
  readonly task: Task;
  readonly path: DocumentPath;
  readonly chain: readonly Step[];
  readonly parent: SurveyedTask | undefined;
};

/** Where an expression stands; rules differ by it. */
export type Use =
  | "condition"
  | "prompt"
  | "text"
  | "tool-arguments"
  | "flow-inputs"
  | "tool-request"
  | "tool-result"
  | "grant"
  | "tool-approval"
  | "instructions"
  | "vars"
  | "concurrency"
  | "outputs"
  | "break"
  | "schedule-trigger"
  | "webhook-trigger"
  | "flow-trigger"
  | "until"
  | "success";

export type SurveyedExpression = {
  /** The expression as written between the braces, or the whole condition. */
  readonly text: string;
  readonly use: Use;
  readonly path: DocumentPath;
  /** The text that it is a part of, and its offset in there. */
  readonly within: string;
  readonly offset: number;
  readonly task: SurveyedTask | undefined;
};

/** A text with a `{{` that is never closed. */
export type UnreadableText = { readonly path: DocumentPath; readonly message: string };

/** A flow walked through once: what all rules look at. */
export type Survey = {
  readonly flow: Flow;
  readonly parsed: ParsedFlow;
  readonly tasks: readonly SurveyedTask[];
  readonly byId: ReadonlyMap<string, SurveyedTask>;
  /** Ids of tasks that are left out because their text can't be used. */
  readonly brokenIds: ReadonlySet<string>;
  readonly expressions: readonly SurveyedExpression[];
  readonly unreadable: readonly UnreadableText[];
};

export function survey(parsed: ParsedFlow, flow: Flow): Survey {
  const tasks: SurveyedTask[] = [];
  const expressions: SurveyedExpression[] = [];
  const unreadable: UnreadableText[] = [];

  const condition = (text: string | undefined, use: Use, path: DocumentPath, task?: SurveyedTask): void => {
    if (text === undefined) return;
    expressions.push({ text, use, path, within: text, offset: 0, task });
  };
  const template = (value: unknown, use: Use, path: DocumentPath, task?: SurveyedTask): void => {
    if (typeof value === "string") {
      if (!value.includes("{{")) return;
      try {
        for (const part of templateParts(value)) {
          if (part.kind === "expression") {
            expressions.push({ text: part.text, use, path, within: value, offset: part.start, task });
          }
        }
      } catch {
        unreadable.push({
          path,
          message: 'A "{{" is not closed by "}}". Write \\{{ for the characters themselves.',
        });
      }
    } else if (Array.isArray(value)) {
      value.forEach((item: unknown, index) => template(item, use, [...path, index], task));
    } else if (isObject(value)) {
      for (const [key, item] of Object.entries(value)) template(item, use, [...path, key], task);
    }
  };

  const visit = (list: readonly Task[], owner: SurveyedTask | undefined, block: string): void => {
    list.forEach((task, index) => {
      const step: Step = { owner: owner?.task ?? null, block, index };
      const path = parsed.paths.get(task) ?? [];
      const surveyed = { task, path, chain: [...(owner?.chain ?? []), step], parent: owner };
      tasks.push(surveyed);
      ownExpressions(surveyed);
      for (const { name, tasks: below } of blocksOf(task)) visit(below, surveyed, name);
    });
  };

  const ownExpressions = (at: SurveyedTask): void => {
    const { task, path } = at;
    condition(task.when, "condition", [...path, "when"], at);
    template(task.lock, "text", [...path, "lock"], at);
    switch (task.kind) {
      case "agent":
        template(task.prompt, "prompt", [...path, "prompt"], at);
        template(task.context, "prompt", [...path, "context"], at);
        template(task.files, "prompt", [...path, "files"], at);
        return;
      case "tool":
        template(task.with, "tool-arguments", [...path, "with"], at);
        return;
      case "script":
        template(task.with, "text", [...path, "with"], at);
        template(task.files, "text", [...path, "files"], at);
        return;
      case "foreach":
        template(task.items, "text", [...path, "foreach"], at);
        condition(task.breakWhen, "break", [...path, "breakWhen"], at);
        return;
      case "if":
        condition(task.condition, "condition", [...path, "if"], at);
        return;
      case "switch":
        template(task.on, "text", [...path, "switch"], at);
        return;
      case "approval":
        template(task.question, "text", [...path, "approval"], at);
        template(task.details, "text", [...path, "details"], at);
        template(task.decisions, "text", [...path, "decisions"], at);
        return;
      case "form":
        template(task.question, "text", [...path, "form"], at);
        return;
      case "wait":
        if ("duration" in task.for) template(task.for.duration, "text", [...path, "wait"], at);
        else if ("until" in task.for) template(task.for.until, "text", [...path, "wait", "until"], at);
        else template(task.for.key, "text", [...path, "wait", "key"], at);
        return;
      case "flow":
        template(task.with, "flow-inputs", [...path, "with"], at);
        return;
      case "set":
        template(task.values, "text", [...path, "set"], at);
        return;
      case "remember":
        template(task.entries, "text", [...path, "remember"], at);
        for (const key of Object.keys(task.entries)) template(key, "text", [...path, "remember", key], at);
        return;
      case "log":
        template(task.message, "text", [...path, "log"], at);
        return;
      case "fail":
        template(task.message, "text", [...path, "fail"], at);
        return;
      case "stop":
        template(task.message, "text", [...path, "stop"], at);
        template(task.outputs, "text", [...path, "outputs"], at);
        return;
      case "loop":
        // Of the short form, where nothing stands below the head, the head itself is the place.
        condition(task.until, "until", [...path, "loop", "until"], at);
        template(task.every, "text", [...path, "loop", "every"], at);
        return;
      case "sequence":
      case "parallel":
      case "dag":
        return;
    }
  };

  template(flow.vars, "vars", ["vars"]);
  template(flow.concurrency?.key, "concurrency", ["concurrency", "key"]);
  for (const agent of Object.values(flow.agents)) {
    template(agent.instructions, "instructions", ["agents", agent.name, "instructions"]);
    agent.tools.forEach((grant, index) =>
      condition(grant.when, "grant", ["agents", agent.name, "tools", index]),
    );
  }
  for (const tool of Object.values(flow.tools)) {
    const path = ["tools", tool.name];
    if (tool.approval?.when !== "false")
      condition(tool.approval?.when, "tool-approval", [...path, "approval", "when"]);
    template(tool.title, "tool-approval", [...path, "title"]);
    if (tool.body.kind !== "http") continue;
    template(tool.body.url, "tool-request", [...path, "http"]);
    template(tool.body.query, "tool-request", [...path, "query"]);
    template(tool.body.headers, "tool-request", [...path, "headers"]);
    template(tool.body.body, "tool-request", [...path, "body"]);
    condition(tool.body.result, "tool-result", [...path, "result"]);
  }
  visit(flow.tasks, undefined, "tasks");
  visit(flow.errors, undefined, "errors");
  visit(flow.finally, undefined, "finally");
  template(flow.outputs, "outputs", ["outputs"]);
  for (const trigger of flow.triggers) {
    const path = parsed.triggerPaths.get(trigger) ?? [];
    const use = `${trigger.kind}-trigger` as const;
    template(trigger.with, use, [...path, "with"]);
    if (trigger.kind !== "schedule") condition(trigger.when, use, [...path, "when"]);
    if (trigger.kind === "webhook")
      condition(trigger.idempotencyKey, use, [...path, "webhook", "idempotencyKey"]);
  }
  condition(flow.success, "success", ["success"]);

  const byId = new Map<string, SurveyedTask>();
  for (const one of tasks) if (!byId.has(one.task.id)) byId.set(one.task.id, one);
  const brokenIds = new Set(parsed.broken.flatMap((one) => one.ids));
  return { flow, parsed, tasks, byId, brokenIds, expressions, unreadable };
}
