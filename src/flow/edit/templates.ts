import type { JsonObject } from "#base/index.ts";
import type { Flow, HeadKey } from "../language/definition.ts";
import { freeId } from "./rename.ts";

/** A new task of each kind: whatever it needs, with what is likely. Agents and tools are those that the flow has. */
export function newTask(head: HeadKey, used: ReadonlySet<string>, flow: Flow | null): JsonObject {
  const id = freeId(names[head], used);
  const taken = new Set([...used, id]);
  const inner = (): JsonObject => {
    const innerId = freeId("step", taken);
    taken.add(innerId);
    return { id: innerId, log: "What happens here" };
  };
  return { id, ...body(head, inner, flow) };
}

const names: Readonly<Record<HeadKey, string>> = {
  agent: "ask_agent",
  tool: "call_tool",
  script: "script",
  sequence: "steps",
  parallel: "side_by_side",
  dag: "graph",
  foreach: "each",
  loop: "repeat",
  if: "check",
  switch: "choose",
  approval: "approve",
  form: "ask_person",
  wait: "wait",
  flow: "other_flow",
  set: "keep",
  remember: "remember",
  log: "note",
  fail: "give_up",
  stop: "stop",
};

function body(head: HeadKey, inner: () => JsonObject, flow: Flow | null): JsonObject {
  switch (head) {
    case "agent":
      return { agent: Object.keys(flow?.agents ?? {})[0] ?? "agent", prompt: "What the agent is asked" };
    case "tool":
      return { tool: Object.keys(flow?.tools ?? {})[0] ?? "http.get", with: {} };
    case "script":
      return { script: "javascript", code: "return {};" };
    case "sequence":
      return { sequence: [inner()] };
    case "parallel":
      return { parallel: [inner(), inner()] };
    case "dag": {
      const first = inner();
      return { dag: [first, { ...inner(), needs: first["id"] ?? "" }] };
    }
    case "foreach":
      return { foreach: [1, 2, 3], tasks: [inner()] };
    case "loop":
      return { loop: { max: 3 }, tasks: [inner()] };
    case "if":
      return { if: "1 == 1", then: [inner()] };
    case "switch":
      return { switch: "a", cases: { a: [inner()] }, default: [inner()] };
    case "approval":
      return { approval: "What is to be decided", by: { roles: ["approver"] } };
    case "form":
      return { form: "What is asked", fields: { answer: "string" } };
    case "wait":
      return { wait: "5m" };
    case "flow":
      return { flow: flow?.id ?? "flow" };
    case "set":
      return { set: { name: "value" } };
    case "remember":
      return { remember: { "run:name": "value" } };
    case "log":
      return { log: "What happened" };
    case "fail":
      return { fail: "Why it fails" };
    case "stop":
      return { stop: "Why it ends here" };
  }
}

/** The list of a task of this kind that another task goes into; "tasks" where it has none. */
export function listKeyOf(head: string): string {
  switch (head) {
    case "sequence":
    case "parallel":
    case "dag":
      return head;
    case "if":
      return "then";
    case "switch":
      return "default";
    default:
      return "tasks";
  }
}
