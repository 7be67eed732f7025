import { describe, expect, test } from "vitest";
import { labelProblem } from "./parts.ts";
import { parseFlow } from "./parse.ts";
import { flowJsonSchema } from "./schema.ts";
import { checkValue } from "../values/check.ts";

const read = (tasks: string, rest = "") => parseFlow(`id: x\n${rest}tasks:\n${tasks}\n`);
const taskOf = (text: string): unknown => {
  const { flow, problems } = read(text);
  expect(problems).toEqual([]);
  return flow?.tasks[0];
};
const told = (text: string, rest = ""): string[] =>
  read(text, rest).problems.map((one) => `${one.rule} ${one.path.join(".")} ${one.message}`);

describe("control flow", () => {
  test("[L30] labels are names of one line of text each, of a flow and of tasks", () => {
    const { flow, problems } = read(
      "  - { id: a, log: x, labels: { on: true } }",
      "labels: { team: support, cost-center/eu: 7 }\n",
    );
    expect(problems).toEqual([]);
    expect(flow?.labels).toEqual({ team: "support", "cost-center/eu": "7" });
    expect(flow?.tasks[0]?.labels).toEqual({ on: "true" });
    expect(told("  - { id: a, log: x }", "labels: { 1st: x }\n")[0]).toMatch(
      /^L10 labels\.1st "1st" must start with a letter/,
    );
    expect(told("  - { id: a, log: x }", `labels: { long: ${"x".repeat(201)} }\n`)[0]).toMatch(
      /^L10 labels\.long "long" must be one line of at most 200 characters/,
    );
    const many = Array.from({ length: 51 }, (_, i) => `l${i}: x`).join(", ");
    expect(told("  - { id: a, log: x }", `labels: { ${many} }\n`)[0]).toMatch(/at most 50 labels/);
    expect(told("  - { id: a, log: x, labels: [team] }")[0]).toMatch(/^L10 tasks\.0\.labels/);
  });

  test("[L30] labels from elsewhere are held to the same", () => {
    expect(labelProblem({ team: "support" })).toBeUndefined();
    expect(labelProblem({ "a b": "x" })).toMatch(/^"a b" must start with a letter/);
    expect(labelProblem({ team: "a\nb" })).toMatch(/^"team" must be one line/);
  });

  test("[L31] dag holds tasks with needs, one or a list", () => {
    expect(
      taskOf(
        "  - { id: d, dag: [{ id: a, log: x }, { id: b, needs: a, log: x }, { id: c, needs: [a, b], log: x }] }",
      ),
    ).toMatchObject({
      kind: "dag",
      join: "all",
      concurrency: undefined,
      tasks: [{ needs: [] }, { needs: ["a"] }, { needs: ["a", "b"] }],
    });
    expect(told("  - { id: d, dag: [], join: al }")).toEqual([
      'L10 tasks.0.join "join" must be all, any or settled. Did you mean "all"?',
    ]);
    expect(told("  - { id: d, dag: [{ id: a, log: x, needs: 3 }] }")[0]).toMatch(/must be the id of a task/);
  });

  test("[L32] loop is a map of until, every and max, or one of until and max alone", () => {
    const tasks = "tasks: [{ id: a, log: x }]";
    expect(
      taskOf(`  - { id: l, loop: { until: "{{ index > 2 }}", every: 30s, max: 5 }, ${tasks} }`),
    ).toMatchObject({
      kind: "loop",
      until: "index > 2",
      every: "30s",
      max: 5,
    });
    expect(taskOf(`  - { id: l, loop: 5, ${tasks} }`)).toMatchObject({ until: undefined, max: 5 });
    expect(taskOf(`  - { id: l, loop: index > 2, ${tasks} }`)).toMatchObject({
      until: "index > 2",
      max: undefined,
    });
    expect(told(`  - { id: l, loop: { max: 10001 }, ${tasks} }`)[0]).toMatch(/at most 10000/);
    expect(told(`  - { id: l, loop: { every: soon, max: 2 }, ${tasks} }`)[0]).toMatch(
      /must be a duration such as 30s/,
    );
    const { problems } = read(`  - { id: l, loop: { untl: index > 2 }, ${tasks} }`);
    expect(problems).toMatchObject([{ rule: "L7", fix: { text: "until" } }]);
  });

  test("[L33] stop says why, how the run ends, and its outputs", () => {
    expect(taskOf("  - { id: s, stop: Enough }")).toMatchObject({
      kind: "stop",
      message: "Enough",
      state: "succeeded",
      outputs: undefined,
    });
    expect(taskOf("  - { id: s, stop: Enough, state: failed, outputs: { a: 1 } }")).toMatchObject({
      state: "failed",
      outputs: { a: 1 },
    });
    const [problem] = read("  - { id: s, stop: Enough, state: succeded }").problems;
    expect(problem).toMatchObject({ rule: "L10", fix: { text: "succeeded" } });
  });

  test("[L34] success is a condition of the flow", () => {
    expect(read("  - { id: a, log: x }", "success: \"{{ run.state == 'succeeded' }}\"\n").flow?.success).toBe(
      "run.state == 'succeeded'",
    );
    expect(read("  - { id: a, log: x }").flow?.success).toBeUndefined();
  });

  test("[L35] a value that is none of a fixed choice, or a type that there is none of, has the nearest as its fix", () => {
    expect(read("  - { id: a, log: x, onError: contniue }").problems).toMatchObject([
      { rule: "L10", fix: { text: "continue" } },
    ]);
    expect(
      read("  - { id: a, log: x }", "inputs: { n: { type: nubmer }, m: strng }\n").problems,
    ).toMatchObject([{ rule: "L12", fix: { text: "number" } }]);
    expect(read("  - { id: a, log: x }", "inputs: { m: strng }\n").problems).toMatchObject([
      { rule: "L12", fix: { text: "string" } },
    ]);
  });

  test("[L21] the JSON Schema knows the short forms", () => {
    const schema = flowJsonSchema();
    const fits = (task: unknown): boolean => checkValue(schema, { id: "x", tasks: [task] as never }).ok;
    const tasks = [{ id: "a", log: "x", needs: "b" }];
    expect(fits({ id: "l", loop: 3, tasks })).toBe(true);
    expect(fits({ id: "l", loop: "index > 2", tasks })).toBe(true);
    expect(fits({ id: "l", loop: { every: "5s", max: 2 }, tasks })).toBe(true);
    expect(fits({ id: "l", loop: { most: 2 }, tasks })).toBe(false);
    expect(fits({ id: "d", dag: tasks, join: "any" })).toBe(true);
    expect(fits({ id: "s", stop: "why", state: "cancelled" })).toBe(true);
  });
});
