import { isObject, type JsonObject } from "#base/index.ts";
import type { Flow, Knowledge, Task } from "#flow/index.ts";
import { contextAt, type Context } from "./context.ts";
import { choicesAt, keysAt } from "./schema.ts";

export type Completion = {
  readonly label: string;
  readonly kind: "key" | "head" | "value" | "name" | "function" | "field";
  readonly detail: string;
  readonly info: string;
  readonly insert: string;
};
export type Completions = { readonly from: number; readonly options: readonly Completion[] };
export type Help = { readonly title: string; readonly text: string };

const functions = [
  "size",
  "has",
  "default",
  "json",
  "secret",
  "duration",
  "string",
  "int",
  "double",
  "matches",
];
const runFacts = [
  "id",
  "state",
  "startedAt",
  "startedBy",
  "simulated",
  "cost",
  "unknownCosts",
  "tokens",
  "modelCalls",
  "toolCalls",
  "labels",
  "duration",
];
const taskFacts: Readonly<Record<string, string>> = {
  output: "What it yielded",
  state: "How it ended",
  error: "Why it failed",
  attempts: "How often it was tried",
  cost: "What its models cost",
  items: "Results by item of a foreach",
  startedAt: "When it began",
  finishedAt: "When it was over",
};

/** What may be written at a place. `flow` is what was last read of the text. */
export function completeAt(
  text: string,
  offset: number,
  flow: Flow | null,
  knowledge: Knowledge,
): Completions {
  const context = contextAt(text, offset);
  switch (context.kind) {
    case "key":
      return { from: context.from, options: keyOptions(context) };
    case "value":
      return { from: context.from, options: valueOptions(context, flow, knowledge) };
    case "expression":
      return expressionOptions(context, flow, knowledge);
  }
}

function keyOptions({ path, present, isInline }: Context & { kind: "key" }): Completion[] {
  return keysAt(path, present).map((key) => ({
    label: key.name,
    kind: key.isHead ? "head" : "key",
    detail: key.isHead ? "task" : typeOf(key.schema),
    info: key.description,
    insert: `${key.name}:${isInline || isShort(key.schema) ? " " : ""}`,
  }));
}

/** Whether a value of the schema begins in the line of its key. */
function isShort(schema: JsonObject): boolean {
  return typeof schema["$ref"] !== "string" && schema["type"] !== "object" && schema["type"] !== "array";
}

function typeOf(schema: JsonObject): string {
  const type = schema["type"];
  if (Array.isArray(schema["enum"])) return schema["enum"].map(String).join(" | ");
  if (typeof type === "string") return type === "array" ? "list" : type === "object" ? "map" : type;
  return "";
}

function named(label: string, detail = "", info = ""): Completion {
  return { label, kind: "name", detail, info, insert: label };
}

function valueOptions(
  { path, present }: Context & { kind: "value" },
  flow: Flow | null,
  knowledge: Knowledge,
): Completion[] {
  const key = path.at(-1) === "*" ? (path.at(-2) ?? "") : (path.at(-1) ?? "");
  const isTask = present.includes("id") || path.at(-2) === "*";
  const choices = choicesAt(path, present).map((label): Completion => ({
    label,
    kind: "value",
    detail: "",
    info: "",
    insert: label,
  }));
  if (key === "agent" && isTask) {
    return Object.values(flow?.agents ?? {}).map((agent) =>
      named(agent.name, "agent", agent.role ?? agent.description ?? ""),
    );
  }
  if ((key === "tool" && isTask) || (key === "tools" && path.at(-1) === "*")) {
    const own = Object.values(flow?.tools ?? {}).map((tool) =>
      named(tool.name, `${tool.risk} risk`, tool.description),
    );
    const registry = (knowledge.tools?.names() ?? []).map((name) => {
      const facts = knowledge.tools?.get(name);
      return named(name, facts === undefined ? "" : `${facts.risk} risk`, facts?.description ?? "");
    });
    return [...own, ...registry];
  }
  if (key === "model") return (knowledge.models ?? []).map((name) => named(name, "model"));
  if (key === "roles" || key === "to") return (knowledge.roles ?? []).map((name) => named(name, "role"));
  if (key === "users") return (knowledge.members ?? []).map((one) => named(one.email, one.roles.join(", ")));
  if (key === "needs") return tasksOf(flow).map((task) => named(task.id, task.kind, task.title ?? ""));
  if (key === "flow") return (knowledge.flows?.ids() ?? []).map((id) => named(id, "flow"));
  if (path[0] === "inputs" || path.includes("fields") || path.includes("returns")) {
    return [
      "string",
      "number",
      "integer",
      "boolean",
      "date",
      "datetime",
      "file",
      "array",
      "object",
      "any",
    ].map((type) => named(type, "type"));
  }
  return choices;
}

function expressionOptions(
  { from, typed, path }: Context & { kind: "expression" },
  flow: Flow | null,
  knowledge: Knowledge,
): Completions {
  const names = typed.split(".");
  const last = names.at(-1) ?? "";
  const start = from + typed.length - last.length;
  const field = (label: string, detail = "", info = ""): Completion => ({
    label,
    kind: "field",
    detail,
    info,
    insert: label,
  });
  const [root, name, member] = names;
  if (names.length === 1) {
    const inTool = path[0] === "tools";
    const roots: Completion[] = inTool
      ? [named("args", "arguments of the call"), ...(path.at(-1) === "result" ? [named("response")] : [])]
      : [
          named("inputs", "of the run"),
          named("vars"),
          named("tasks", "results of tasks"),
          named("run", "facts of the run"),
          named("now", "instant"),
          ...(path.includes("tasks") || path.includes("foreach")
            ? [named("item", "in foreach"), named("index")]
            : []),
          ...(path.includes("errors") || path.includes("finally") ? [named("error", "why it failed")] : []),
        ];
    const calls = functions.map((label): Completion => ({
      label,
      kind: "function",
      detail: "function",
      info: "",
      insert: `${label}(`,
    }));
    return { from: start, options: [...roots, ...calls] };
  }
  if (root === "inputs" && names.length === 2) {
    return {
      from: start,
      options: (flow?.inputs.fields ?? []).map((one) =>
        field(one.name, String(one.schema["type"] ?? ""), one.description ?? one.title ?? ""),
      ),
    };
  }
  if (root === "vars" && names.length === 2) {
    return { from: start, options: Object.keys(flow?.vars ?? {}).map((one) => field(one)) };
  }
  if (root === "run" && names.length === 2)
    return { from: start, options: runFacts.map((one) => field(one)) };
  if (root === "tasks") {
    if (names.length === 2) {
      return {
        from: start,
        options: tasksOf(flow).map((task) => field(task.id, task.kind, task.title ?? "")),
      };
    }
    if (names.length === 3) {
      return {
        from: start,
        options: Object.entries(taskFacts).map(([label, info]) => field(label, "", info)),
      };
    }
    if (member === "output" && name !== undefined) {
      const schema = within(outputOf(name, flow, knowledge), names.slice(3, -1));
      return { from: start, options: fieldsOf(schema).map(([label, type]) => field(label, type)) };
    }
  }
  return { from: start, options: [] };
}

function outputOf(id: string, flow: Flow | null, knowledge: Knowledge): unknown {
  const task = tasksOf(flow).find((one) => one.id === id);
  switch (task?.kind) {
    case "agent":
    case "script":
      return task.returns?.schema;
    case "tool":
      return flow?.tools[task.tool]?.output?.schema ?? knowledge.tools?.get(task.tool)?.outputSchema;
    case "form":
      return task.fields.schema;
    case "set":
      return { properties: Object.fromEntries(Object.keys(task.values).map((key) => [key, {}])) };
    case "approval":
      return { properties: { decision: {}, by: {}, comment: {}, fields: task.fields?.schema ?? {} } };
    default:
      return undefined;
  }
}

function within(schema: unknown, names: readonly string[]): unknown {
  return names.reduce<unknown>((inner, name) => {
    const properties = isObject(inner) ? inner["properties"] : undefined;
    return isObject(properties) ? properties[name] : undefined;
  }, schema);
}

function fieldsOf(schema: unknown): [string, string][] {
  const properties = isObject(schema) ? schema["properties"] : undefined;
  if (!isObject(properties)) return [];
  return Object.entries(properties).map(([name, own]) => [
    name,
    isObject(own) ? String(own["type"] ?? "") : "",
  ]);
}

/** All tasks of a flow, from outside in. */
export function tasksOf(flow: Flow | null): Task[] {
  const below = (list: readonly Task[]): Task[] =>
    list.flatMap((task) => [
      task,
      ...below(task.errors),
      ...below(task.finally),
      ...("tasks" in task ? below(task.tasks) : []),
      ...(task.kind === "if" ? [...below(task.then), ...below(task.else)] : []),
      ...(task.kind === "switch"
        ? [...task.cases.flatMap((one) => below(one.tasks)), ...below(task.default)]
        : []),
    ]);
  return flow === null ? [] : below([...flow.tasks, ...flow.errors, ...flow.finally]);
}

/** What is known of the word at a place; null where there is nothing to say. */
export function helpAt(text: string, offset: number, flow: Flow | null, knowledge: Knowledge): Help | null {
  const isWord = (sign: string): boolean => /[\w.-]/.test(sign);
  let from = offset;
  let to = offset;
  while (from > 0 && isWord(text.charAt(from - 1))) from -= 1;
  while (to < text.length && isWord(text.charAt(to))) to += 1;
  const word = text.slice(from, to);
  if (word === "") return null;
  const context = contextAt(text, from);
  if (/^\s*:(\s|$)/.test(text.slice(to, to + 4)) && context.kind === "key") {
    const present = context.present.filter((key) => key !== word);
    const key = keysAt(context.path, present).find((one) => one.name === word);
    const head = keysAt(context.path, []).find((one) => one.name === word && one.isHead);
    const description = head?.description ?? key?.description ?? "";
    if (description !== "") return { title: word, text: description };
  }
  const [root, name] = word.split(".");
  if (root === "tasks" && name !== undefined) {
    const task = tasksOf(flow).find((one) => one.id === name);
    return task === undefined
      ? null
      : { title: `${name}, ${task.kind}`, text: task.description ?? task.title ?? "" };
  }
  if (root === "inputs" && name !== undefined) {
    const field = flow?.inputs.fields.find((one) => one.name === name);
    if (field === undefined) return null;
    return {
      title: `${name}, ${String(field.schema["type"] ?? "any")}`,
      text: field.description ?? field.title ?? "",
    };
  }
  const tool = knowledge.tools?.get(word);
  if (tool !== undefined) return { title: `${word}, ${tool.risk} risk`, text: tool.description };
  const own = flow?.tools[word];
  if (own !== undefined) return { title: `${word}, ${own.risk} risk`, text: own.description };
  const agent = flow?.agents[word];
  if (agent !== undefined) return { title: `${word}, agent`, text: agent.description ?? agent.role ?? "" };
  return null;
}
