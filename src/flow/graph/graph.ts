import type { DagTask, Flow, HeadKey, LoopTask, Task } from "../language/definition.ts";
import { blocksOf } from "../language/blocks.ts";
import type { BrokenTask } from "../language/reader.ts";
import type { DocumentPath } from "../language/source.ts";

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
 * Broken tasks, when given, get a node of their own: at the top where their id is known, and with the `paths` of the
 * other tasks wherever they stand, in their place.
 */
export function flowGraph(
  flow: Flow,
  broken: readonly BrokenTask[] = [],
  paths: ReadonlyMap<Task, DocumentPath> | null = null,
): FlowGraph {
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  const join = (from: string, to: string, label: string, kind: GraphEdge["kind"]): void => {
    edges.push({ id: `${from}>${to}`, from, to, label, kind });
  };

  const indexOf = (task: Task | BrokenTask): number =>
    Number(("path" in task ? task.path : paths?.get(task))?.at(-1) ?? 0);
  /** Broken tasks of a list that is known by its members, or by what holds it. */
  const brokenIn = (list: readonly Task[], owner: Task | null, block: string): readonly BrokenTask[] => {
    if (paths === null) return [];
    const [first] = list;
    const known = first === undefined ? undefined : paths.get(first)?.slice(0, -1);
    const held = owner === null ? [] : paths.get(owner);
    return broken.filter(({ path }) => {
      const place = path.slice(0, -1);
      if (known !== undefined) return isSame(place, known);
      if (held === undefined) return false;
      return listPaths(owner, block).some((below) => isSame(place, [...held, ...below]));
    });
  };

  const add = (
    list: readonly Task[],
    parent: string | null,
    block: string,
    prefix: string,
    parallel: boolean,
    owner: Task | null = null,
  ): string[] => {
    const all: (Task | BrokenTask)[] = [...list, ...brokenIn(list, owner, block)];
    if (all.length > list.length) all.sort((a, b) => indexOf(a) - indexOf(b));
    const ids = all.map((task) => {
      if ("path" in task) {
        const id = `${prefix}${task.id ?? `[${String(task.path.at(-1))}]`}`;
        const unique = nodes.some((node) => node.id === id) ? `${id}[${String(task.path.at(-1))}]` : id;
        nodes.push(brokenNode(task, unique, parent, block));
        return unique;
      }
      const id = prefix + task.id;
      const blocks = blocksOf(task).filter(
        (one) => one.tasks.length > 0 || brokenIn(one.tasks, task, one.name).length > 0,
      );
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
          task,
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
  for (const one of paths === null ? broken : []) {
    if (one.path.length !== 2 || one.path[0] !== "tasks") continue;
    const id = one.id ?? `tasks[${String(one.path[1])}]`;
    if (nodes.some((node) => node.id === id)) continue;
    nodes.push(brokenNode(one, id, null, "tasks"));
  }
  return { nodes, edges };
}

function brokenNode(one: BrokenTask, id: string, parent: string | null, block: string): GraphNode {
  return {
    id,
    kind: "broken",
    title: one.id ?? "Broken task",
    label: one.kind ?? "",
    parent,
    block,
    agent: null,
    tool: null,
    group: false,
    disabled: false,
  };
}

function isSame(a: DocumentPath, b: DocumentPath): boolean {
  return a.length === b.length && a.every((step, index) => step === b[index]);
}

/** Where the list of a block may stand below its task. */
function listPaths(owner: Task | null, block: string): readonly DocumentPath[] {
  if (owner !== null && block === "tasks") return [["tasks"], [owner.kind]];
  return [block.startsWith("case:") ? ["cases", block.slice("case:".length)] : [block]];
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
    case "remember":
      return Object.keys(task.entries).join(", ");
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
