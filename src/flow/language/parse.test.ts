import { describe, expect, test } from "vitest";
import { parseFlow } from "./parse.ts";
import { flowJsonSchema } from "./schema.ts";
import { heads } from "./heads/index.ts";
import { checkValue } from "../values/check.ts";
import type { Task } from "./definition.ts";

const head = "id: demo\nagents: { a: { instructions: Work. } }\ntasks:\n";

function problemsOf(tasks: string): { rule: string; message: string; path: readonly (string | number)[] }[] {
  return parseFlow(head + tasks).problems.map(({ rule, message, path }) => ({ rule, message, path }));
}

function taskOf(tasks: string): Task {
  const { flow, problems } = parseFlow(head + tasks);
  expect(problems).toEqual([]);
  const task = flow?.tasks[0];
  if (!task) throw new Error("no task was read");
  return task;
}

describe("tasks", () => {
  test("[L51] escalate is a chain of people, soonest first", () => {
    const task = taskOf(
      "  - { id: one, form: How?, fields: { a: string }, timeout: 3d, onTimeout: escalate, escalate: [{ after: 2d, to: { users: [a@x.test] } }, { after: 1d, to: admin }] }",
    );
    expect(task).toMatchObject({
      onTimeout: "escalate",
      escalate: [
        { after: 86_400_000, to: { roles: ["admin"], users: [] } },
        { after: 172_800_000, to: { roles: [], users: ["a@x.test"] } },
      ],
    });
    expect(
      problemsOf("  - { id: one, approval: Go?, escalate: [{ after: soon, to: admin }] }"),
    ).toMatchObject([{ rule: "L11" }]);
    expect(problemsOf("  - { id: one, log: x, escalate: [] }")).toMatchObject([{ rule: "L7" }]);
  });

  test("[L50] onError asks people: whom, with which choices, for how long", () => {
    const onError = (text: string) => taskOf(`  - { id: one, log: x, onError: ${text} }`).onError;
    const by = { roles: [], users: [], quorum: 1, excludeStarter: false };
    const choices = ["retry", "answer", "skip", "fail"];
    expect(onError("{ escalate: {} }")).toEqual({
      escalate: { by, choices, timeout: undefined, onTimeout: "fail" },
    });
    expect(
      onError("{ escalate: { to: operator, choices: [skip, skip, retry], timeout: 1d, onTimeout: skip } }"),
    ).toEqual({
      escalate: {
        by: { ...by, roles: ["operator"] },
        choices: ["skip", "retry"],
        timeout: 86_400_000,
        onTimeout: "skip",
      },
    });
    for (const wrong of ["ask", "{ escalate: { choices: [] } }", "{ escalate: { choices: [wait] } }"]) {
      expect(problemsOf(`  - { id: one, log: x, onError: ${wrong} }`)).toMatchObject([{ rule: "L10" }]);
    }
    expect(problemsOf("  - { id: one, log: x, onError: { escalate: { too: admin } } }")).toMatchObject([
      { rule: "L7" },
    ]);
  });

  test("[L7] tells of an unknown key with the nearest as its fix, and keeps the task", () => {
    const text = `${head}  - id: one\n    log: hi\n    timeuot: 3s\n`;
    const { flow, problems } = parseFlow(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({
      rule: "L7",
      line: 6,
      column: 5,
      endColumn: 12,
      fix: { text: "timeout" },
      path: ["tasks", 0, "timeuot"],
    });
    expect(flow?.tasks.map((task) => task.id)).toEqual(["one"]);
    expect(problemsOf("  - { id: b, log: x, retry: { maxAtempts: 2 } }")[0]?.message).toContain(
      '"maxAttempts"',
    );
    expect(parseFlow("id: x\ntaks: []\ntasks: [{ id: a, log: x }]").problems[0]?.message).toContain(
      '"tasks"',
    );
  });

  test("[L8] tells of a task without a head key, with the one that was probably meant", () => {
    expect(problemsOf("  - id: one\n    agnet: a\n    prompt: x")).toEqual([
      {
        rule: "L7",
        message: 'There is no key "agnet" here. Did you mean "agent"?',
        path: ["tasks", 0, "agnet"],
      },
    ]);
    expect(problemsOf("  - id: one\n    title: x")[0]?.rule).toBe("L8");
  });

  test("[L9] refuses two head keys", () => {
    expect(problemsOf("  - { id: one, log: x, fail: y }")).toMatchObject([
      { rule: "L9", path: ["tasks", 0, "fail"] },
    ]);
  });

  test("[L10] tells of a value that does not fit, at the value", () => {
    expect(problemsOf("  - { id: one, agent: a, prompt: x, disabled: 3 }")).toMatchObject([
      { rule: "L10", message: '"disabled" must be true or false.', path: ["tasks", 0, "disabled"] },
    ]);
    expect(problemsOf("  - { id: one, agent: a }")[0]?.message).toContain('"prompt" is missing');
    expect(problemsOf("  - just text")[0]?.rule).toBe("L10");
  });

  test("[L13] says of later keys that this version does not know them", () => {
    for (const key of ["goal", "browser", "message", "receive"]) {
      expect(problemsOf(`  - { id: one, ${key}: x }`)).toMatchObject([
        { rule: "L13", path: ["tasks", 0, key] },
      ]);
    }
    for (const key of ["tests"]) {
      expect(parseFlow(`id: x\n${key}: []\ntasks: [{ id: a, log: x }]`).problems).toMatchObject([
        { rule: "L13", path: [key] },
      ]);
    }
    expect(problemsOf("  - { id: one, log: x, team: y }")[0]?.rule).toBe("L13");
    expect(problemsOf("  - { id: one, script: python, code: x }")[0]?.rule).toBe("L13");
  });

  test("[L14] ids start with a letter and hold letters, digits and _", () => {
    expect(problemsOf("  - { id: one-two, log: x }")[0]).toMatchObject({
      rule: "L10",
      path: ["tasks", 0, "id"],
    });
    expect(problemsOf("  - { log: x }")[0]?.message).toContain('"id" is missing');
    expect(parseFlow("id: refund-desk.v2\ntasks: [{ id: a, log: x }]").problems).toEqual([]);
    expect(parseFlow("id: x\nagents: { a-b: {} }\ntasks: [{ id: a, log: x }]").problems[0]?.rule).toBe("L14");
  });

  test("[L16] leaves a broken task out, with one problem, and reads everything around it", () => {
    const { flow, problems, broken } = parseFlow(
      `${head}  - { id: one, log: x }\n  - { id: two, agent: a, timeout: soon, disabled: 7, zzz: 1 }\n  - id: three\n    if: "true"\n    then: [{ id: four, log: x }, { id: five }]\n`,
    );
    expect(problems.map((one) => one.path.slice(0, 4))).toEqual([
      ["tasks", 1, "timeout"],
      ["tasks", 2, "then", 1],
    ]);
    expect(flow?.tasks.map((task) => task.id)).toEqual(["one", "three"]);
    expect(broken.map((one) => one.id)).toEqual(["two", "five"]);
  });

  test("[L19] reads every form of a grant", () => {
    const { flow, problems } = parseFlow(
      `id: x\nagents:\n  a:\n    tools: [crm.*, notify, { http.request: "args.url == 'x'" }, { name: pay, when: "{{ args.n < 3 }}" }]\ntasks: [{ id: t, agent: a, prompt: x }]`,
    );
    expect(problems).toEqual([]);
    expect(flow?.agents["a"]?.tools).toEqual([
      { tool: "crm.*", when: undefined },
      { tool: "notify", when: undefined },
      { tool: "http.request", when: "args.url == 'x'" },
      { tool: "pay", when: "args.n < 3" },
    ]);
    expect(
      parseFlow("id: x\nagents: { a: {} }\ntasks: [{ id: t, agent: a, prompt: x }]").flow?.agents["a"]?.tools,
    ).toEqual([]);
    expect(
      parseFlow("id: x\nagents: { a: { tools: [{ a: '1', b: '2' }] } }\ntasks: [{ id: t, log: x }]")
        .problems[0]?.rule,
    ).toBe("L10");
  });

  test("[L20] conditions stand with or without braces", () => {
    expect(taskOf("  - { id: one, log: x, when: inputs.a > 2 }").when).toBe("inputs.a > 2");
    expect(taskOf('  - { id: one, log: x, when: "{{ !inputs.a }}" }').when).toBe("!inputs.a");
    expect(taskOf("  - { id: one, log: x, when: false }").when).toBe("false");
  });

  test("[L21] the JSON Schema knows every head key and accepts what is read", () => {
    const schema = flowJsonSchema();
    const text = JSON.stringify(schema);
    for (const key of heads.keys()) expect(text).toContain(`"task-${key}"`);
    expect(schema["$schema"]).toBe("https://json-schema.org/draft/2020-12/schema");
    const good = { id: "x", tasks: [{ id: "a", if: "true", then: [{ id: "b", log: "x", timeout: "5m" }] }] };
    expect(checkValue(schema, good).ok).toBe(true);
    expect(checkValue(schema, { id: "x", tasks: [{ id: "a", lgo: "x" }] }).ok).toBe(false);
    expect(checkValue(schema, { id: "x" }).ok).toBe(false);
  });

  test("[L22] writes every head out with its defaults", () => {
    expect(taskOf("  - { id: one, log: hello }")).toEqual({
      kind: "log",
      message: "hello",
      level: "info",
      id: "one",
      title: undefined,
      description: undefined,
      when: undefined,
      disabled: false,
      retry: undefined,
      timeout: undefined,
      onError: "fail",
      errors: [],
      finally: [],
      labels: {},
      needs: [],
    });
    expect(taskOf("  - { id: g, approval: Go on?, timeout: 2d, retry: { delay: 2s } }")).toMatchObject({
      kind: "approval",
      question: "Go on?",
      timeout: 172_800_000,
      by: { roles: [], users: [], quorum: 1, excludeStarter: false },
      decisions: { approve: "Approve", reject: "Reject" },
      comment: "onReject",
      onTimeout: "fail",
      onReject: "fail",
      retry: { maxAttempts: 3, delay: 2000, backoff: "constant", maxDelay: 300_000, jitter: false },
    });
    expect(taskOf("  - { id: p, parallel: [{ id: q, fail: x }], join: any }")).toMatchObject({
      kind: "parallel",
      join: "any",
      concurrency: undefined,
      tasks: [{ kind: "fail" }],
    });
    expect(
      taskOf(
        "  - { id: f, foreach: '{{ inputs.l }}', tasks: [{ id: q, set: { a: 1 } }], breakWhen: index > 3 }",
      ),
    ).toMatchObject({
      kind: "foreach",
      concurrency: 1,
      failFast: true,
      breakWhen: "index > 3",
    });
    expect(
      taskOf("  - { id: s, switch: '{{ 1 }}', cases: { 1: [{ id: q, log: x }], true: [] } }"),
    ).toMatchObject({
      kind: "switch",
      cases: [{ value: "1" }, { value: "true", tasks: [] }],
      default: [],
    });
    expect(taskOf("  - { id: w, wait: 90s }")).toMatchObject({ for: { duration: "90s" } });
    expect(taskOf("  - { id: w, wait: { until: '2030-01-31T08:00:00Z' } }")).toMatchObject({
      for: { until: "2030-01-31T08:00:00Z" },
    });
    expect(taskOf("  - { id: f, form: What?, fields: { a: string } }")).toMatchObject({
      kind: "form",
      onTimeout: "fail",
      fields: { fields: [{ name: "a" }] },
    });
    expect(taskOf("  - { id: f, script: javascript, code: return 1, with: { a: 1 } }")).toMatchObject({
      kind: "script",
      language: "javascript",
      with: { a: 1 },
    });
    expect(
      taskOf(
        "  - { id: f, sequence: [{ id: q, tool: notify }], errors: [{ id: e, log: x }], finally: [{ id: n, log: x }], labels: { a: 1 } }",
      ),
    ).toMatchObject({
      kind: "sequence",
      tasks: [{ kind: "tool", with: {} }],
      errors: [{ id: "e" }],
      finally: [{ id: "n" }],
      labels: { a: "1" },
    });
  });

  test("[L23] reads local tools", () => {
    const read = (tool: string) => parseFlow(`id: x\ntools:\n  a.b: ${tool}\ntasks: [{ id: t, tool: a.b }]`);
    expect(
      read("{ description: Gets, http: GET https://x.test, input: { id: string } }").flow?.tools["a.b"],
    ).toMatchObject({
      risk: "low",
      idempotent: true,
      body: { kind: "http", method: "GET", url: "https://x.test" },
    });
    expect(
      read(
        "{ description: Pays, script: javascript, code: return 1, risk: high, approval: { when: args.a > 1, by: { roles: [approver] } } }",
      ).flow?.tools["a.b"],
    ).toMatchObject({
      risk: "high",
      idempotent: false,
      approval: { when: "args.a > 1", by: { roles: ["approver"], quorum: 1 } },
      body: { kind: "script" },
    });
    expect(
      read("{ description: Pays, script: javascript, code: return 1, approval: never }").flow?.tools["a.b"]
        ?.approval?.when,
    ).toBe("false");
    expect(read("{ description: x, http: https://x.test }").problems[0]).toMatchObject({
      rule: "L10",
      path: ["tools", "a.b", "http"],
    });
    expect(read("{ description: x }").problems[0]?.rule).toBe("L8");
    expect(read("{ description: x, mcp: y }").problems[0]?.rule).toBe("L13");
    expect(
      read("{ description: x, http: GET https://x.test, script: javascript, code: x }").problems[0]?.rule,
    ).toBe("L9");
    expect(read("{ http: GET https://x.test }").problems[0]?.message).toContain('"description" is missing');
  });
});
