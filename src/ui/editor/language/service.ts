import { parse as parseYaml, parseDocument, stringify } from "yaml";
import { BatonError, isObject, type Json, type JsonObject } from "#base/index.ts";
import type { KnowledgeView } from "#api/index.ts";
import {
  editFlow,
  flowGraph,
  formatFlow,
  parseFlow,
  taskChanges,
  validateFlow,
  weakenings,
  type Flow,
  type FlowGraph,
  type Knowledge,
  type ParsedFlow,
} from "#flow/index.ts";
import { momentBefore, previewOf, shownSecrets, type Moment, type Preview } from "#flow/machine/index.ts";
import { changesBetween } from "../diff.ts";
import { completeAt, helpAt } from "./complete.ts";
import { placesOf } from "./places.ts";
import type {
  Analysis,
  ComparedGraphs,
  FormField,
  Question,
  Reply,
  Requests,
  SeenRun,
  TaskForm,
  TaskPreview,
} from "./protocol.ts";
import { valueAround } from "./where.ts";
import { headKeys, schemasAt } from "./schema.ts";
import { trialOf } from "./trial.ts";

/** Reads texts for the editor: in a worker, so that typing never waits for it. Keeps what it read last. */
export class LanguageService {
  #knowledge: Knowledge = {};
  #read: { text: string; parsed: ParsedFlow } | null = null;
  #good: Flow | null = null;
  /** What expressions are previewed against, and the moment that was looked at last. */
  #run: SeenRun | null = null;
  #moment: { task: string; moment: Moment } | null = null;
  #drawn = { of: "", version: 0 };

  answer(question: Question): Reply {
    try {
      return { id: question.id, answer: this.#answer(question) };
    } catch (error) {
      const known = error instanceof BatonError ? error : null;
      const message = known?.message ?? "This could not be done.";
      return { id: question.id, refused: { message, hint: known?.hint ?? null } };
    }
  }

  #answer(question: Question): unknown {
    switch (question.kind) {
      case "know":
        this.#knowledge = knowledgeFrom(question.knowledge);
        return null;
      case "analyse":
        return this.analyse(question.text);
      case "complete":
        return completeAt(question.text, question.offset, this.#good, this.#knowledge);
      case "help":
        return helpAt(question.text, question.offset, this.#good, this.#knowledge);
      case "edit":
        return question.gesture.kind === "format"
          ? changesBetween(question.text, formatFlow(question.text))
          : editFlow(question.text, question.gesture);
      case "form":
        return formOf(this.#parse(question.text), question.path);
      case "follow":
        this.#run = question.run;
        this.#moment = null;
        return null;
      case "preview":
        return this.preview(question);
      case "trial": {
        const { flow } = this.#parse(question.text);
        return flow === null ? null : trialOf(flow, this.#knowledge);
      }
      case "value": {
        const parsed = this.#parse(question.text);
        const places = parsed.flow === null ? [] : placesOf(parsed, parsed.flow);
        return valueAround(question.text, question.offset, places);
      }
      case "readYaml":
        return readYaml(question.text);
      case "graphs":
        return comparedGraphs(question.before, question.after);
      case "compare": {
        const before = parseFlow(question.before).flow;
        const after = parseFlow(question.after).flow;
        return before === null || after === null ? [] : weakenings(before, after);
      }
    }
  }

  analyse(text: string): Analysis {
    const parsed = this.#parse(text);
    const { flow } = parsed;
    const graph = flow === null ? null : flowGraph(flow, parsed.broken, parsed.paths);
    return {
      text,
      problems: validateFlow(parsed, this.#knowledge),
      graph,
      graphVersion: this.#versionOf(graph),
      id: flow?.id ?? null,
      title: flow?.title ?? null,
      places: flow === null ? [] : placesOf(parsed, flow),
      agents: Object.keys(flow?.agents ?? {}),
      tools: [...Object.keys(flow?.tools ?? {}), ...(this.#knowledge.tools?.names() ?? [])],
    };
  }

  preview({ text, task, fields }: Requests["preview"]["ask"]): TaskPreview | null {
    const run = this.#run;
    const { flow } = this.#parse(text);
    if (run === null || flow === null) return null;
    if (this.#moment?.task !== task) this.#moment = { task, moment: momentBefore(run.events, task) };
    const { moment } = this.#moment;
    const values: Record<string, Preview> = {};
    for (const { label, value, isCondition } of fields) {
      const found = previewOf(moment, flow, run.id, { template: value, isCondition });
      values[label] = found.ok ? { ok: true, value: shownSecrets(found.value) } : found;
    }
    return { begun: moment.begun, values };
  }

  /** Most of what is typed changes nothing of the graph: then it need not be laid out again. */
  #versionOf(graph: FlowGraph | null): number {
    const drawn = JSON.stringify(graph);
    if (this.#drawn.of !== drawn) this.#drawn = { of: drawn, version: this.#drawn.version + 1 };
    return this.#drawn.version;
  }

  #parse(text: string): ParsedFlow {
    if (this.#read?.text !== text) this.#read = { text, parsed: parseFlow(text) };
    const { parsed } = this.#read;
    this.#good = parsed.flow ?? this.#good;
    return parsed;
  }
}

function comparedGraphs(before: string, after: string): ComparedGraphs {
  const [old, fresh] = [parseFlow(before), parseFlow(after)];
  const drawn = ({ flow, broken, paths }: ParsedFlow): FlowGraph | null =>
    flow === null ? null : flowGraph(flow, broken, paths);
  const none = { before: {}, after: {} };
  const changes = old.flow === null || fresh.flow === null ? none : taskChanges(old.flow, fresh.flow);
  return { before: drawn(old), after: drawn(fresh), changes };
}

function knowledgeFrom(view: KnowledgeView): Knowledge {
  const tools = new Map(view.tools.map((tool) => [tool.name, tool]));
  const flows = new Map(view.flows.map(({ id, inputs }) => [id, inputs ?? undefined]));
  return {
    tools: { get: (name) => tools.get(name), names: () => [...tools.keys()] },
    models: view.models,
    unpriced: view.unpriced,
    members: view.members,
    roles: view.roles,
    follows: new Map(view.follows.map(({ flow, followed }) => [flow, followed])),
    flows: { get: (id) => flows.get(id), ids: () => [...flows.keys()] },
  };
}

function readYaml(text: string): { value: Json } | { problem: string } {
  try {
    return { value: parseYaml(text, { schema: "core", prettyErrors: false, logLevel: "error" }) as Json };
  } catch (error) {
    return { problem: (error instanceof Error ? error.message : "").split("\n")[0] ?? "" };
  }
}

const expressions = new Set(["when", "if", "breakWhen"]);

/** The controls for a task: the keys of its head first, then those that every task may have. */
function formOf(parsed: ParsedFlow, path: readonly (string | number)[]): TaskForm | null {
  const value = valueAt(parsed.source.text, path);
  if (!isObject(value)) return null;
  const kind = Object.keys(value).find((key) => headKeys().has(key));
  if (kind === undefined) return null;
  const schema = schemasAt(["tasks", "*"], [kind])[0];
  const properties = schema !== undefined && isObject(schema["properties"]) ? schema["properties"] : {};
  const names = Object.keys(properties).filter((name) => name !== "id" && !holdsTasks(properties[name]));
  const common = new Set(Object.keys(commonProperties()));
  const own = names.filter((name) => !common.has(name));
  const fields = [...own, ...names.filter((name) => common.has(name))].map((name): FormField => {
    const property = properties[name];
    const written = value[name] as Json | undefined;
    return {
      path: [name],
      label: name,
      description: isObject(property) ? String(property["description"] ?? "") : "",
      ...controlOf(name, property, written),
      isHead: own.includes(name),
      value: written,
      source:
        typeof written === "object" && written !== null ? stringify(written, { lineWidth: 0 }).trimEnd() : "",
    };
  });
  return {
    id: String(value["id"] ?? ""),
    kind,
    summary: String(schema?.["description"] ?? ""),
    fields,
  };
}

/** What is written at a path; undefined where the text is no YAML. */
function valueAt(text: string, path: readonly (string | number)[]): unknown {
  const document = parseDocument(text, { schema: "core", logLevel: "silent", prettyErrors: false });
  return document.errors.length > 0
    ? undefined
    : (document.getIn(path) as { toJSON?: () => unknown } | undefined)?.toJSON?.();
}

function commonProperties(): JsonObject {
  const [schema] = schemasAt(["tasks", "*"], ["log"]);
  const properties = schema?.["properties"];
  if (!isObject(properties)) return {};
  const { log: _log, level: _level, ...common } = properties as JsonObject;
  return common;
}

/** Whether it is a list of tasks, or a map of such lists: those are for the canvas. */
function holdsTasks(schema: unknown): boolean {
  const { errors } = commonProperties();
  const list = isObject(errors) ? errors["$ref"] : undefined;
  if (!isObject(schema) || list === undefined) return false;
  const more = schema["additionalProperties"];
  return schema["$ref"] === list || (isObject(more) && more["$ref"] === list);
}

function controlOf(
  name: string,
  schema: unknown,
  value: Json | undefined,
): Pick<FormField, "control" | "choices"> {
  if (typeof value === "object" && value !== null) return { control: "yaml", choices: [] };
  if (!isObject(schema)) return { control: "yaml", choices: [] };
  if (expressions.has(name)) return { control: "expression", choices: [] };
  const alternatives = Array.isArray(schema["anyOf"]) ? schema["anyOf"].filter(isObject) : [schema];
  const choices = alternatives.flatMap((one) => (Array.isArray(one["enum"]) ? one["enum"].map(String) : []));
  if (choices.length > 0) return { control: "choice", choices };
  const types = alternatives.flatMap((one) => one["type"] ?? []);
  if (types.includes("boolean") && types.length === 1) return { control: "flag", choices: [] };
  if ((types.includes("integer") || types.includes("number")) && types.length === 1) {
    return { control: "number", choices: [] };
  }
  if (types.includes("string")) {
    const isLong =
      ["prompt", "code", "description"].includes(name) || (typeof value === "string" && value.includes("\n"));
    return { control: isLong ? "lines" : "text", choices: [] };
  }
  if (typeof value === "string")
    return { control: value.includes("\n") || name === "prompt" ? "lines" : "text", choices: [] };
  return { control: name === "prompt" ? "lines" : "yaml", choices: [] };
}
