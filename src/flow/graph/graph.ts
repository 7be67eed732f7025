import type { DagTask, Flow, HeadKey, LoopTask, Task } from "../language/definition.ts";
import { blocksOf } from "../language/blocks.ts";
import type { BrokenTask } from "../language/reader.ts";

/** A task as the graph shows it. */
export type GraphNode = {
  /** Static path of the task: ids joined by "/", handlers as `!errors` and `!finally`, no item indexes. */
  readonly id: string;
  /** Head key; "broken" for a task whose text can't be used. */
  readonly kind: HeadKey | "broken";
  readonly title: string;
  /** A second line: the agent, the tool, the condition, the question. "" when there is none. */
  readonly label: string;
  /** The node that this one stands in; null at the top. */
  readonly parent: string | null;
  /** The list of the parent that holds it: "tasks", "then", "else", `case:VALUE`, "default", "errors", "finally". */
  readonly block: string;
  readonly agent: string | null;
  readonly tool: string | null;
  /** Whether it holds tasks. */
  readonly group: boolean;
  readonly disabled: boolean;
};

/** `label` names the branch; "" for what simply follows. */
export type GraphEdge = {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly label: string;
  readonly kind: "next" | "branch" | "error" | "finally";
};

export type FlowGraph = { readonly nodes: readonly GraphNode[]; readonly edges: readonly GraphEdge[] };

/**
 * The flow as nodes and edges. Nodes nest by `parent`; edges join nodes of the same parent in the order of the text.
 * Broken tasks, when given, get a node of their own where their id is known.
 */
export function flowGraph(flow: Flow, broken: readonly BrokenTask[] = []): FlowGraph {
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  const join = (from: string, to: string, label: string, kind: GraphEdge["kind"]): void => {
    edges.push({ id: `${from}>${to}`, from, to, label, kind });
  };

  const add = (
    list: readonly Task[],
    parent: string | null,
    block: string,
    prefix: string,
    parallel: boolean,
  ): string[] => {
    const ids = list.map((task) => {
      const id = prefix + task.id;
      const blocks = blocksOf(task).filter((one) => one.tasks.length > 0);
      nodes.push({
        id,
        kind: task.kind,
        title: task.title ?? task.id,
        label: labelOf(task),
        parent,
        block,
        agent: task.kind === "agent" ? task.agent : null,
        tool: task.kind === "tool" ? task.tool : null,
        group: blocks.length > 0,
        disabled: task.disabled,
      });
      if (task.kind === "dag") joinNeeds(task, id);
      for (const one of blocks) {
        const handler = one.name === "errors" || one.name === "finally";
        add(
          one.tasks,
          id,
          one.name,
          `${id}/${handler ? `!${one.name}/` : ""}`,
          (task.kind === "parallel" || task.kind === "dag") && !handler,
        );
      }
      return id;
    });
    if (!parallel) {
      ids.forEach((id, index) => {
        const before = ids[index - 1];
        if (before !== undefined) join(before, id, "", "next");
      });
    }
    return ids;
  };

  function joinNeeds(dag: DagTask, path: string): void {
    const ids = new Set(dag.tasks.map((child) => child.id));
    for (const child of dag.tasks) {
      for (const need of new Set(child.needs)) {
        if (ids.has(need)) join(`${path}/${need}`, `${path}/${child.id}`, "", "next");
      }
    }
  }

  const main = add(flow.tasks, null, "tasks", "", false);
  const errors = add(flow.errors, null, "errors", "!errors/", false);
  const last = add(flow.finally, null, "finally", "!finally/", false);
  const end = main.at(-1);
  if (end !== undefined && errors[0] !== undefined) join(end, errors[0], "on failure", "error");
  if (end !== undefined && last[0] !== undefined) join(end, last[0], "finally", "finally");
  for (const one of broken) {
    if (one.path.length !== 2 || one.path[0] !== "tasks") continue;
    const id = one.id ?? `tasks[${String(one.path[1])}]`;
    if (nodes.some((node) => node.id === id)) continue;
    nodes.push({
      id,
      kind: "broken",
      title: one.id ?? "Broken task",
      label: one.kind ?? "",
      parent: null,
      block: "tasks",
      agent: null,
      tool: null,
      group: false,
      disabled: false,
    });
  }
  return { nodes, edges };
}

function labelOf(task: Task): string {
  switch (task.kind) {
    case "agent":
      return task.agent;
    case "tool":
      return task.tool;
    case "script":
      return task.language;
    case "if":
      return task.condition;
    case "switch":
      return short(task.on);
    case "foreach":
      return short(task.items);
    case "approval":
    case "form":
      return short(task.question);
    case "wait":
      if ("event" in task.for) return task.for.event;
      return short("duration" in task.for ? task.for.duration : task.for.until);
    case "loop":
      return loopLabel(task);
    case "flow":
      return task.flow;
    case "set":
      return Object.keys(task.values).join(", ");
    case "log":
    case "fail":
    case "stop":
      return short(task.message);
    case "sequence":
    case "parallel":
    case "dag":
      return "";
  }
}

function loopLabel(task: LoopTask): string {
  const rounds = task.max === undefined ? "" : `${task.max} rounds`;
  const until = task.until === undefined ? "" : `until ${task.until}`;
  return short([until, rounds].filter((part) => part !== "").join(", at most "));
}

function short(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
