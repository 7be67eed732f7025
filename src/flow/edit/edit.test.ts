import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Document, parse, visit } from "yaml";
import { BatonError, type Json, type JsonObject } from "#base/index.ts";
import type { HeadKey } from "../language/definition.ts";
import { heads } from "../language/heads/index.ts";
import { parseFlow } from "../language/parse.ts";
import { validateFlow } from "../validate/index.ts";
import { applyChanges } from "./change.ts";
import { editFlow, type Gesture } from "./gesture.ts";
import { listKeyOf } from "./templates.ts";

type Path = (string | number)[];
type Task = JsonObject & { id: string };

const words = fc.constantFrom(
  "plain",
  "with: colon",
  "# no comment",
  "two\nlines\n",
  "{{ inputs.name }}",
  'it\'s "quoted"',
  " spaces ",
  "yes",
  "12",
  "- dash",
  "",
);

const leaf = fc.oneof(
  words.map((text) => ({ log: text })),
  fc.record({
    set: fc.dictionary(fc.constantFrom("a", "b", "c d"), fc.oneof(words, fc.integer()), { minKeys: 1 }),
  }),
  fc.record({ wait: fc.constant("5m"), title: words }),
);

const tasks: fc.Arbitrary<JsonObject[]> = fc.letrec<{ list: JsonObject[]; task: JsonObject }>((tie) => ({
  list: fc.array(tie("task"), { minLength: 1, maxLength: 3, depthIdentifier: "deep" }),
  task: fc.oneof(
    { depthIdentifier: "deep", maxDepth: 3 },
    leaf as fc.Arbitrary<JsonObject>,
    tie("list").map((parallel) => ({ parallel })),
    fc.record({
      if: fc.constant("1 == 1"),
      then: tie("list"),
      else: tie("list"),
    }) as fc.Arbitrary<JsonObject>,
    fc.record({
      foreach: fc.constant([1, 2]),
      tasks: tie("list"),
      errors: tie("list"),
    }) as fc.Arbitrary<JsonObject>,
    fc.record({ switch: fc.constant("a"), cases: fc.record({ a: tie("list") }) }) as fc.Arbitrary<JsonObject>,
  ),
})).list;

/** A flow with ids, as a value. */
const flows = tasks.map((list): JsonObject => {
  let count = 0;
  const named = (value: Json, inTask: boolean): Json => {
    if (Array.isArray(value)) {
      return value.map((item) => (typeof item === "object" && item !== null ? named(item, true) : item));
    }
    if (typeof value !== "object" || value === null) return value;
    const members = Object.entries(value).map(([key, item]) => [
      key,
      key === "set" ? item : named(item as Json, false),
    ]);
    return Object.fromEntries(inTask ? [["id", `t${(count += 1)}`], ...members] : members) as Json;
  };
  return { id: "generated", tasks: named(list, true), outputs: { done: true } };
});

/** The flow as a person might have written it: lists indented or not, some of it in brackets, comments between. */
function written(
  flow: JsonObject,
  style: { indentSeq: boolean; flowEvery: number; comments: boolean },
): string {
  const document = new Document(flow);
  let seen = 0;
  visit(document, {
    Map(_, node) {
      seen += 1;
      if (style.flowEvery > 0 && seen > 1 && seen % style.flowEvery === 0) node.flow = true;
    },
  });
  const text = document.toString({ indentSeq: style.indentSeq, lineWidth: 0 });
  if (!style.comments) return text;
  let literal = -1;
  return text
    .split("\n")
    .map((line, index) => {
      const indent = line.length - line.trimStart().length;
      if (literal >= 0 && (indent > literal || line.trim() === "")) return line;
      literal = /[|>][-+]?\d?$/.test(line) ? indent : -1;
      const isTask = /^\s*- (id:|\{ id:)/.test(line);
      return isTask && index % 2 === 0 ? `${" ".repeat(indent)}# about line ${index}\n${line}` : line;
    })
    .join("\n");
}

const styles = fc.record({
  indentSeq: fc.boolean(),
  flowEvery: fc.constantFrom(0, 0, 2, 3, 5),
  comments: fc.boolean(),
});

function at(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inner, step) => (inner as Record<string, unknown> | undefined)?.[step], value);
}

/** Paths of all tasks of a value, and of all lists of tasks. */
function places(flow: JsonObject): { tasks: Path[]; lists: Path[] } {
  const found = { tasks: [] as Path[], lists: [] as Path[] };
  const visitValue = (value: unknown, path: Path): void => {
    if (Array.isArray(value)) {
      if (value.some((item) => typeof item === "object")) found.lists.push(path);
      value.forEach((item: unknown, index) => {
        if (typeof item !== "object" || item === null) return;
        found.tasks.push([...path, index]);
        visitValue(item, [...path, index]);
      });
    } else if (typeof value === "object" && value !== null) {
      for (const [key, item] of Object.entries(value)) if (key !== "set") visitValue(item, [...path, key]);
    }
  };
  visitValue(flow, []);
  return found;
}

function listOf(flow: JsonObject, path: readonly (string | number)[]): JsonObject[] {
  return at(flow, path) as JsonObject[];
}

/** What the gesture means, on the value. */
function expected(flow: JsonObject, gesture: Gesture): JsonObject {
  const copy = structuredClone(flow);
  switch (gesture.kind) {
    case "insert":
      listOf(copy, gesture.list).splice(gesture.index, 0, gesture.task);
      return copy;
    case "remove":
      listOf(copy, gesture.task.slice(0, -1)).splice(Number(gesture.task.at(-1)), 1);
      return copy;
    case "move": {
      const source = listOf(copy, gesture.task.slice(0, -1));
      const target = listOf(copy, gesture.list);
      const from = Number(gesture.task.at(-1));
      const [moved] = source.splice(from, 1);
      const index = source === target && gesture.index > from ? gesture.index - 1 : gesture.index;
      target.splice(index, 0, moved ?? {});
      return copy;
    }
    case "wrap": {
      const list = listOf(copy, gesture.task.slice(0, -1));
      const index = Number(gesture.task.at(-1));
      list[index] = { id: gesture.head, [listKeyOf(gesture.head)]: [list[index] ?? {}] };
      return copy;
    }
    case "set": {
      const owner = at(copy, gesture.path.slice(0, -1)) as Record<string, Json>;
      const key = String(gesture.path.at(-1));
      if (gesture.value === undefined) delete owner[key];
      else owner[key] = gesture.value;
      return copy;
    }
    default:
      throw new Error(`not modelled: ${gesture.kind}`);
  }
}

const gesturesOn = (flow: JsonObject): fc.Arbitrary<Gesture> => {
  const { tasks: all, lists } = places(flow);
  const task = fc.constantFrom(...all);
  const target = fc
    .tuple(fc.constantFrom(...lists), fc.nat(3))
    .map(([list, index]) => ({ list, index: Math.min(index, listOf(flow, list).length) }));
  const fresh: Task = { id: "fresh", log: "two\nlines", title: "A: b" };
  return fc.oneof(
    target.map((to): Gesture => ({ kind: "insert", ...to, task: fresh })),
    task.map((one): Gesture => ({ kind: "remove", task: one })),
    fc
      .tuple(task, target)
      .filter(([one, to]) => !one.every((step, index) => to.list[index] === step))
      .map(([one, to]): Gesture => ({ kind: "move", task: one, ...to })),
    fc
      .tuple(task, fc.constantFrom("parallel" as const, "sequence" as const))
      .map(([one, head]): Gesture => ({ kind: "wrap", task: one, head })),
    fc
      .tuple(
        task,
        fc.constantFrom("title", "log", "when", "description"),
        fc.option(words, { nil: undefined }),
      )
      .map(([one, key, value]): Gesture => ({ kind: "set", path: [...one, key], value })),
    fc
      .tuple(
        task,
        fc.dictionary(fc.constantFrom("maxAttempts", "delay"), fc.integer({ min: 1 }), { minKeys: 1 }),
      )
      .map(([one, value]): Gesture => ({ kind: "set", path: [...one, "retry"], value })),
  );
};

describe("gestures", () => {
  it("change a generated flow to the expected one, whatever its layout, and leave its comments", () => {
    fc.assert(
      fc.property(
        flows.chain((flow) => fc.tuple(fc.constant(flow), gesturesOn(flow), styles)),
        ([flow, gesture, style]) => {
          const text = written(flow, style);
          expect(parse(text)).toEqual(flow);
          const changes = editFlow(text, gesture);
          const after = applyChanges(text, changes);
          expect(parse(after), after).toEqual(expected(flow, gesture));
          // What goes into brackets is one line, where a comment has no room.
          if (gesture.kind !== "remove" && style.flowEvery === 0) {
            const comments = (of: string) => of.match(/# about line \d+/g)?.toSorted() ?? [];
            expect(comments(after)).toEqual(comments(text));
          }
        },
      ),
      { numRuns: 400, seed: 8 },
    );
  });

  it("undo each other in pairs: a task that is put in and taken out leaves the text as it was", () => {
    fc.assert(
      fc.property(
        flows.chain((flow) => fc.tuple(fc.constant(flow), fc.constantFrom(...places(flow).lists), styles)),
        ([flow, list, style]) => {
          const text = written(flow, style);
          const index = listOf(flow, list).length;
          const task = { id: "fresh", log: "x" };
          const with_ = applyChanges(text, editFlow(text, { kind: "insert", list, index, task }));
          const without = applyChanges(with_, editFlow(with_, { kind: "remove", task: [...list, index] }));
          expect(without).toBe(text);
        },
      ),
      { numRuns: 100, seed: 11 },
    );
  });
});

const sample = `id: desk # the desk
# what it does
agents:
  triage: { instructions: Sort. }
tasks:
  # first
  - id: sort   # sorts
    agent: triage
    prompt: "Sort {{ inputs.mail }}"

  - id: route
    if: tasks.sort.output == 'a' && size(tasks["sort"].output) > 1
    then:
      - { id: close, log: "done {{ tasks.sort.output }}" }
  - id: last
    log: |
      It was {{ tasks.sort.output }}
      and {{ tasks.route.output }}
outputs:
  kind: "{{ tasks.sort.output }}\\n"
`;

const edited = (gesture: Gesture, text = sample): string => applyChanges(text, editFlow(text, gesture));

describe("single gestures", () => {
  it("renaming says the new id wherever the flow refers to the task, and nowhere else", () => {
    const after = edited({ kind: "rename", task: ["tasks", 0], id: "triaged" });
    expect(after).toBe(
      sample
        .replace("id: sort ", "id: triaged ")
        .replaceAll("tasks.sort.", "tasks.triaged.")
        .replace('tasks["sort"]', 'tasks["triaged"]'),
    );
    expect(() => edited({ kind: "rename", task: ["tasks", 0], id: "last" })).toThrow("already");
    expect(() => edited({ kind: "rename", task: ["tasks", 0], id: "no good" })).toThrow("can't be the id");
  });

  it("a copy gets ids of its own, and refers to its own parts", () => {
    const text = `id: a\ntasks:\n  - id: group\n    parallel:\n      - id: one\n        log: x\n      - id: two\n        log: "{{ tasks.group.output }}"\n`;
    const after = edited({ kind: "duplicate", task: ["tasks", 0] }, text);
    expect(after.startsWith(text.trimEnd())).toBe(true);
    const copy = (parse(after) as { tasks: Json[] }).tasks[1];
    expect(copy).toEqual({
      id: "group_2",
      parallel: [
        { id: "one_2", log: "x" },
        { id: "two_2", log: "{{ tasks.group_2.output }}" },
      ],
    });
  });

  it("moving the only task of a list within it changes nothing", () => {
    const text = `id: a\ntasks:\n  - id: one\n    if: "true"\n    then:\n      - id: inner\n        log: x\n`;
    const task = ["tasks", 0, "then", 0];
    for (const index of [0, 1, 2, Infinity]) {
      expect(editFlow(text, { kind: "move", task, list: ["tasks", 0, "then"], index })).toEqual([]);
    }
  });

  it("moving keeps the comment above a task with it", () => {
    const after = edited({ kind: "move", task: ["tasks", 0], list: ["tasks"], index: 3 });
    expect(after).toContain("\n  # first\n  - id: sort   # sorts\n");
    expect(after.indexOf("# first")).toBeGreaterThan(after.indexOf("id: last"));
  });

  it("a field is changed in place, in the style that it is written in", () => {
    expect(edited({ kind: "set", path: ["tasks", 0, "prompt"], value: "Look" })).toBe(
      sample.replace('"Sort {{ inputs.mail }}"', '"Look"'),
    );
    expect(edited({ kind: "set", path: ["tasks", 0, "timeout"], value: "5m" })).toBe(
      sample.replace('inputs.mail }}"\n', 'inputs.mail }}"\n    timeout: 5m\n'),
    );
    expect(edited({ kind: "set", path: ["tasks", 0, "retry", "maxAttempts"], value: 3 })).toContain(
      "    retry: { maxAttempts: 3 }\n",
    );
    const path = ["tasks", 0, "retry", "maxAttempts"];
    const added = edited({ kind: "set", path, value: 3 });
    expect(edited({ kind: "set", path, value: undefined, keep: 2 }, added)).toBe(sample);
  });

  it("each kind of task can be added to an empty flow, to a filled one, and in brackets, without problems of form", () => {
    for (const head of heads.keys() as Iterable<HeadKey>) {
      for (const text of [
        "id: a\ntasks: [] # nothing yet\n",
        "id: a\ntasks:\n",
        "id: a\ntasks:\n- id: one\n  log: x\n",
        "id: a\ntasks: [ { id: one, log: x } ]\n",
        "{ id: a, tasks: [] }",
        "id: a\n",
      ]) {
        const after = applyChanges(text, editFlow(text, { kind: "add", list: ["tasks"], index: 9, head }));
        const parsed = parseFlow(after);
        expect(parsed.problems, `${head} in ${text}\n${after}`).toEqual([]);
        expect(parsed.flow?.tasks.at(-1)?.kind).toBe(head);
        const rules = validateFlow(parsed)
          .filter((problem) => problem.severity === "error")
          .map((problem) => problem.rule);
        expect(rules.filter((rule) => rule !== "V7")).toEqual([]);
      }
    }
  });

  it("a text that is no YAML is left alone, and the refusal says what to do", () => {
    const text = "id: a\ntasks:\n  - id: [\n";
    const refused = expect(() => editFlow(text, { kind: "remove", task: ["tasks", 0] }));
    refused.toThrow(BatonError);
    refused.toThrow("not YAML right now");
  });
});
