import { isObject, type JsonObject } from "#base/index.ts";
import type { Problem } from "../problem.ts";
import type { Agent, Flow, Grant, LocalTool, Shape } from "./definition.ts";
import { readTool } from "./local-tool.ts";
import { laterKeys } from "./later.ts";
import { unknownKey } from "./issues.ts";
import { dottedPattern, idPattern } from "./names.ts";
import {
  readConcurrency,
  readCondition,
  readLabels,
  readLimits,
  readMemory,
  readTemplates,
} from "./parts.ts";
import { FlowReader, type BrokenTask } from "./reader.ts";
import { agent as agentSchema, flowShape } from "./schema.ts";
import { shapeOf } from "./shape.ts";
import type { Trigger } from "./triggers/definition.ts";
import { readTrigger } from "./triggers/read.ts";
import type { DocumentPath, FlowSource } from "./source.ts";
import type { Task } from "./definition.ts";
import { readYaml } from "./yaml.ts";

/** A text and what was read from it. */
export type ParsedFlow = {
  /** Null when the text as a whole can't be read. What is broken in single places is left out. */
  readonly flow: Flow | null;
  readonly problems: readonly Problem[];
  readonly source: FlowSource;
  /** Tasks that are left out of the flow because their text can't be used. */
  readonly broken: readonly BrokenTask[];
  /** Where each task of the flow stands. */
  readonly paths: ReadonlyMap<Task, DocumentPath>;
  /** Where each trigger stands. */
  readonly triggerPaths: ReadonlyMap<Trigger, DocumentPath>;
  /** Names of agents, tools and inputs whose text can't be used: they are known, but not what they are. */
  readonly brokenNames: {
    readonly agents: readonly string[];
    readonly tools: readonly string[];
    readonly inputs: boolean;
  };
};

/** Reads a flow's text. Never throws; problems of the text and of its form are in `problems`. */
export function parseFlow(text: string): ParsedFlow {
  const { value, problems, source } = readYaml(text);
  const reader = new FlowReader(source, problems);
  const brokenNames = { agents: [] as string[], tools: [] as string[], inputs: false };
  const triggerPaths = new Map<Trigger, DocumentPath>();
  const parsed = (flow: Flow | null): ParsedFlow => ({
    flow,
    problems: reader.problems.toSorted((a, b) => a.line - b.line || a.column - b.column),
    source,
    broken: reader.broken,
    paths: reader.paths,
    triggerPaths,
    brokenNames,
  });
  if (!isObject(value)) {
    if (problems.length === 0) {
      const message =
        value === null || value === undefined
          ? "The text is empty. A flow starts with an id and tasks."
          : "A flow is a map with keys such as id, agents and tasks.";
      reader.note([], { rule: "L15", message, path: [], part: "value" });
    }
    return parsed(null);
  }
  const known = Object.keys(flowShape);
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) reader.note([], unknownKey(key, [], known, laterKeys.flow));
  }
  const take = <K extends keyof typeof flowShape>(
    key: K,
  ): ReturnType<(typeof flowShape)[K]["parse"]> | undefined => {
    const raw = value[key];
    if (raw === undefined || (raw === null && key !== "id" && key !== "tasks")) {
      if (key === "id" || key === "tasks") {
        reader.note([], { rule: "L15", message: `A flow needs "${key}".`, path: [], part: "value" });
      }
      return undefined;
    }
    return reader.check(flowShape[key] as never, raw, [key], []);
  };
  let inputs: Shape = shapeOf(undefined);
  const rawInputs = take("inputs");
  if (rawInputs !== undefined) {
    const shape = reader.shape(rawInputs, ["inputs"]);
    if (shape) inputs = shape;
    else brokenNames.inputs = true;
  } else if (value["inputs"] !== undefined && value["inputs"] !== null) brokenNames.inputs = true;

  const agents: Record<string, Agent> = {};
  for (const [name, raw] of Object.entries(take("agents") ?? {})) {
    const agent = readAgent(reader, name, raw);
    if (agent) agents[name] = agent;
    else brokenNames.agents.push(name);
  }
  const tools: Record<string, LocalTool> = {};
  for (const [name, raw] of Object.entries(take("tools") ?? {})) {
    const tool = readTool(reader, name, raw);
    if (tool) tools[name] = tool;
    else brokenNames.tools.push(name);
  }
  for (const [index, raw] of (take("triggers") ?? []).entries()) {
    const trigger = readTrigger(reader, raw, index);
    if (trigger) triggerPaths.set(trigger, ["triggers", index]);
  }
  return parsed({
    id: take("id") ?? "flow",
    title: take("title"),
    description: take("description"),
    labels: readLabels(take("labels")),
    goal: take("goal"),
    success: readOptionalCondition(take("success")),
    inputs,
    samples: (take("samples") ?? {}) as Record<string, JsonObject>,
    vars: readTemplates(take("vars")),
    agents,
    tools,
    limits: readLimits(take("limits")),
    memory: readMemory(take("memory")),
    seed: readTemplates(take("seed")),
    concurrency: readConcurrency(take("concurrency")),
    tasks: reader.tasks(take("tasks"), ["tasks"]),
    errors: reader.tasks(take("errors"), ["errors"]),
    finally: reader.tasks(take("finally"), ["finally"]),
    outputs: readTemplates(take("outputs")),
    triggers: [...triggerPaths.keys()],
  });
}

function readOptionalCondition(raw: string | boolean | undefined): string | undefined {
  return raw === undefined ? undefined : readCondition(raw);
}

function readAgent(reader: FlowReader, name: string, raw: unknown): Agent | undefined {
  const path = ["agents", name];
  if (!idPattern.test(name)) {
    reader.note(path, {
      rule: "L14",
      message: `The agent's name "${name}" must start with a letter and hold only letters, digits and "_".`,
      path: [],
      part: "key",
    });
    return undefined;
  }
  const checked = reader.check(agentSchema, raw ?? {}, path, Object.keys(agentSchema.shape), laterKeys.agent);
  if (!checked) return undefined;
  const tools: Grant[] = [];
  for (const [index, written] of (checked.tools ?? []).entries()) {
    const grant = readGrant(written);
    if (typeof grant === "string") {
      reader.note(path, { rule: "L10", message: grant, path: ["tools", index], part: "value" });
    } else tools.push(grant);
  }
  return {
    name,
    title: checked.title,
    role: checked.role,
    description: checked.description,
    capabilities: checked.capabilities ?? [],
    model: checked.model ?? "default",
    instructions: checked.instructions ?? "",
    tools,
    memory: readMemory(checked.memory),
    limits: readLimits(checked.limits),
  };
}

/** A grant, or what is wrong with it. */
function readGrant(written: string | Record<string, string | boolean>): Grant | string {
  if (typeof written === "string") return grantOf(written, undefined);
  const keys = Object.keys(written);
  const named = written["name"];
  if (typeof named === "string" && keys.every((key) => key === "name" || key === "when")) {
    return grantOf(named, written["when"]);
  }
  const [only, ...rest] = keys;
  if (only === undefined || rest.length > 0) {
    return 'A grant is a tool\'s name, { http.get: "condition on args" }, or { name: http.get, when: "condition" }.';
  }
  return grantOf(only, written[only]);
}

function grantOf(tool: string, when: string | boolean | undefined): Grant | string {
  // All tools of memory go by one word.
  if (tool === "memory") return grantOf("memory.*", when);
  const plain = tool.replace(/\*$/, "");
  if (plain !== "" && !dottedPattern.test(plain)) {
    return `"${tool}" is not a tool's name. A pattern ends in "*", such as crm.*.`;
  }
  return { tool, when: when === undefined ? undefined : readCondition(when) };
}
