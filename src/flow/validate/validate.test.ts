import { describe, expect, test } from "vitest";
import type { ToolFacts } from "../machine/index.ts";
import type { Problem } from "../problem.ts";
import { parseFlow } from "../language/parse.ts";
import { rules, validateFlow } from "./index.ts";
import type { Knowledge } from "./knowledge.ts";

function check(text: string, knowledge: Knowledge = {}): Problem[] {
  return validateFlow(parseFlow(text), knowledge);
}

/** Problems of a flow with these tasks, as `RULE marked-text`. */
function marks(text: string, knowledge: Knowledge = {}): string[] {
  const lines = text.split("\n");
  return check(text, knowledge).map((one) => {
    const line = lines[one.line - 1] ?? "";
    const marked = line.slice(one.column - 1, one.line === one.endLine ? one.endColumn - 1 : undefined);
    return `${one.rule}${one.severity === "warning" ? "w" : ""} ${marked}`;
  });
}

const flow = (tasks: string, rest = ""): string =>
  `id: demo\ninputs: { name: string, amount: { type: number, default: 1 } }\nvars: { rate: 2 }\n${rest}tasks:\n${tasks}\n`;
const agents = "agents: { a: { instructions: Work. } }\n";

const facts = (name: string, inputSchema: ToolFacts["inputSchema"]): ToolFacts => ({
  name,
  description: "",
  risk: "low",
  approval: null,
  inputSchema,
  outputSchema: null,
  schemaHash: "",
  repeatable: true,
});
const notify = facts("notify", {
  type: "object",
  properties: { to: { type: "string" }, text: { type: "string" } },
  required: ["to", "text"],
  additionalProperties: false,
});
const tools: Knowledge = {
  tools: { get: (name) => (name === "notify" ? notify : undefined), names: () => ["notify"] },
};

describe("validation", () => {
  test("[V1] expressions that can't be read, at their place", () => {
    expect(marks(flow('  - { id: one, log: "a {{ inputs.name + }} b" }'))).toEqual(["V1  "]);
    expect(marks(flow('  - { id: one, log: "{{ nope(1) }}" }'))).toEqual(["V1 nope"]);
    expect(marks(flow('  - { id: one, log: "{{ inputs.name" }'))).toEqual(['V1 "{{ inputs.name"']);
    expect(marks(flow("  - { id: one, log: x, when: inputs.name == }"))[0]).toMatch(/^V1/);
  });

  test("[V2] names that mean nothing where they stand", () => {
    expect(marks(flow('  - { id: one, log: "{{ imputs.name }}" }'))).toEqual(["V2 imputs"]);
    expect(marks(flow('  - { id: one, log: "{{ item }} {{ error.message }} {{ args.x }}" }'))).toEqual([
      "V2 item",
      "V2 error",
      "V2 args",
    ]);
    const loop =
      '  - { id: one, foreach: [1], tasks: [{ id: two, log: "{{ item }} {{ index }}" }], errors: [{ id: three, log: "{{ error.message }}" }] }';
    expect(marks(flow(loop))).toEqual([]);
    const tool =
      "tools:\n  t: { description: x, http: 'GET https://x.test/{{ inputs.name }}', result: response.json }\n";
    expect(marks(flow("  - { id: one, tool: t }", tool))).toEqual(["V2 inputs"]);
    expect(check(flow('  - { id: one, log: "{{ imputs.name }}" }'))[0]?.fix?.text).toBe("inputs");
  });

  test("[V3] inputs and variables that the flow does not have", () => {
    expect(
      marks(
        flow('  - { id: one, log: "{{ inputs.nmae }} {{ vars.rat }} {{ inputs.name }} {{ vars.rate }}" }'),
      ),
    ).toEqual(["V3 nmae", "V3 rat"]);
    expect(
      marks(
        flow(
          '  - { id: zero, set: { sum: 1 } }\n  - { id: one, log: "{{ vars.sum }} {{ has(inputs.x) }} {{ default(inputs.y, 1) }}" }',
        ),
      ),
    ).toEqual([]);
  });

  test("[V4] tasks, and parts of their result, that don't exist", () => {
    expect(
      marks(
        flow(
          '  - { id: one, log: x }\n  - { id: two, log: "{{ tasks.onne.output }} {{ tasks.one.outptu }}" }',
        ),
      ),
    ).toEqual(["V4 onne", "V4 outptu"]);
  });

  test("[V5] tasks that can't have run yet", () => {
    const say = (id: string, of: string) => `{ id: ${id}, log: "{{ tasks.${of}.state }}" }`;
    expect(marks(flow(`  - ${say("one", "two")}\n  - ${say("two", "one")}`))).toEqual(["V5 two"]);
    expect(marks(flow(`  - ${say("one", "one")}`))).toEqual(["V5 one"]);
    expect(marks(flow(`  - { id: p, parallel: [${say("one", "two")}, ${say("two", "p")}] }`))).toEqual([
      "V5w two",
      "V5 p",
    ]);
    expect(
      marks(
        flow(
          `  - { id: p, if: inputs.amount > 1, then: [${say("one", "two")}], else: [{ id: two, log: x }] }`,
        ),
      ),
    ).toEqual(["V5 two"]);
    expect(marks(flow(`  - { id: p, if: "tasks.one.state == 'x'", then: [{ id: one, log: x }] }`))).toEqual([
      "V5 one",
    ]);
    expect(
      marks(
        flow(
          `  - { id: p, sequence: [{ id: one, log: x }], errors: [${say("two", "one")}, ${say("three", "p")}] }\n  - ${say("four", "one")}`,
        ),
      ),
    ).toEqual([]);
    expect(
      marks(`${flow("  - { id: one, log: x }")}errors: [${say("e", "one")}]\nfinally: [${say("f", "e")}]\n`),
    ).toEqual([]);
    expect(
      marks(
        flow('  - { id: p, foreach: [1], tasks: [{ id: one, log: x }], breakWhen: tasks.one.state == "x" }'),
      ),
    ).toEqual([]);
  });

  test("[V6] ids are unique in the whole flow", () => {
    expect(marks(flow("  - { id: one, log: x }\n  - { id: p, parallel: [{ id: one, log: y }] }"))).toEqual([
      "V6 one",
    ]);
  });

  test("[V7] agents that the flow doesn't have", () => {
    const problems = check(
      flow("  - { id: one, agent: b, prompt: x }\n  - { id: two, agent: a, prompt: x }", agents),
    );
    expect(problems).toMatchObject([{ rule: "V7", path: ["tasks", 0, "agent"] }]);
  });

  test("[V8] tools that don't exist, where the workspace's are known", () => {
    const text = flow("  - { id: one, tool: notfy, with: { to: a, text: b } }");
    expect(marks(text)).toEqual([]);
    expect(marks(text, tools)).toEqual(["V8 notfy"]);
    expect(check(text, tools)[0]?.fix?.text).toBe("notify");
  });

  test("[V9] grants that fit no tool", () => {
    const granted = "agents: { a: { tools: [notify, crm.*, not*] } }\n";
    expect(marks(flow("  - { id: one, agent: a, prompt: x }", granted), tools)).toEqual(["V9 crm.*"]);
  });

  test("[V10] a tool that nobody may call", () => {
    const local = "tools: { t.one: { description: x, script: javascript, code: return 1 } }\n";
    expect(marks(flow("  - { id: one, log: x }", local))).toEqual(["V10w t.one"]);
    expect(
      marks(flow("  - { id: one, agent: a, prompt: x }", `agents: { a: { tools: [t.*] } }\n${local}`)),
    ).toEqual([]);
    expect(marks(flow("  - { id: one, tool: t.one }", local))).toEqual([]);
  });

  test("[V11] an agent that nobody asks", () => {
    expect(marks(flow("  - { id: one, log: x }", agents))).toEqual(["V11w a"]);
  });

  test("[V12] secrets stay out of prompts, logs and records", () => {
    const tasks = `  - { id: one, agent: a, prompt: "{{ secret('K') }}" }\n  - { id: two, log: "{{ secret('K') }}" }\n  - { id: three, tool: notify, with: { to: "{{ secret('K') }}", text: "{{ secret(inputs.name) }}" } }`;
    expect(marks(flow(tasks, agents))).toEqual([
      "V12 secret('K')",
      "V12 secret('K')",
      "V12 secret(inputs.name)",
    ]);
  });

  test("[V13] limits of parts above those of the whole", () => {
    const rest = "limits: { cost: 1, time: 1h }\nagents: { a: { limits: { cost: 2, steps: 5 } } }\n";
    expect(
      marks(flow("  - { id: one, agent: a, prompt: x, limits: { steps: 6 }, timeout: 2h }", rest)),
    ).toEqual(["V13 2", "V13 6", "V13w 2h"]);
  });

  test("[V70] a limit of tasks on an agent or its task", () => {
    const rest = "agents: { a: { instructions: Work., limits: { tasks: 2 } } }\n";
    expect(marks(flow("  - { id: one, agent: a, prompt: x, limits: { tasks: 6 } }", rest))).toEqual([
      "V70 tasks",
      "V70 tasks",
    ]);
    expect(marks(flow("  - { id: one, log: x }", "limits: { tasks: 5 }\n"))).toEqual([]);
  });

  test("[V71] a limit of cost over a model without a known price", () => {
    const unpriced = ["own", "default"];
    const limitedBy = (agent: string, limits: string): string =>
      flow(
        "  - { id: one, agent: a, prompt: x }",
        `${limits}agents: { a: { instructions: Work., ${agent} } }\n`,
      );
    expect(marks(limitedBy("model: own", "limits: { cost: 1 }\n"), { unpriced })).toEqual(["V71w own"]);
    expect(marks(limitedBy("model: own, limits: { cost: 1 }", ""), { unpriced })).toEqual(["V71w own"]);
    expect(marks(limitedBy("model: own", "limits: { tokens: 100 }\n"), { unpriced })).toEqual([]);
    expect(marks(limitedBy("model: smart", "limits: { cost: 1 }\n"), { unpriced })).toEqual([]);
    expect(check(limitedBy("capabilities: [x]", "limits: { cost: 1 }\n"), { unpriced })).toMatchObject([
      { rule: "V71" },
    ]);
  });

  test("[V14] tasks that can never run", () => {
    expect(
      check(flow("  - { id: one, fail: x }\n  - { id: two, log: x }")).map((one) => [one.rule, one.path]),
    ).toEqual([["V14", ["tasks", 1]]]);
    expect(
      check(flow("  - { id: one, if: true, then: [{ id: two, log: x }], else: [{ id: three, log: x }] }")),
    ).toMatchObject([{ rule: "V14", path: ["tasks", 0, "else", 0] }]);
    expect(check(flow("  - { id: one, fail: x, when: inputs.amount > 1 }\n  - { id: two, log: x }"))).toEqual(
      [],
    );
  });

  test("[V15] fields that a shape doesn't have", () => {
    const tasks =
      '  - { id: one, agent: a, prompt: x, returns: { kind: string, items: { type: array, items: { type: object, fields: { n: number } } } } }\n  - { id: two, log: "{{ tasks.one.output.knd }} {{ tasks.one.output.items[0].m }} {{ tasks.one.output.kind }}" }';
    expect(marks(flow(tasks, agents))).toEqual(["V15 knd", "V15 m"]);
  });

  test("[V16] arguments that a tool doesn't take, that don't fit, that are missing", () => {
    expect(marks(flow("  - { id: one, tool: notify, with: { to: 3, txt: b } }"), tools)).toEqual([
      "V16 notify",
      "V16 3",
      "V16 txt",
    ]);
    expect(
      marks(flow('  - { id: one, tool: notify, with: { to: "{{ inputs.amount }}", text: b } }'), tools),
    ).toEqual([]);
  });

  test("[V17] samples and defaults that don't fit the inputs", () => {
    const text =
      "id: x\ninputs: { n: { type: number, default: many } }\nsamples: { one: { n: 1 }, two: { m: 1 }, three: { n: x } }\ntasks: [{ id: a, log: x }]\n";
    expect(marks(text)).toEqual(["V17 many", "V17 m", "V17 x"]);
  });

  test("[V18] roles that don't exist, approvals that nobody could decide", () => {
    const gate = (by: string) => flow(`  - { id: gate, approval: Go?, by: ${by} }`);
    const knowledge: Knowledge = {
      roles: ["approver", "admin", "viewer"],
      members: [{ id: "user_1", email: "a@x.test", roles: ["viewer"] }],
    };
    expect(marks(gate("{ roles: [aprover] }"), knowledge)).toEqual(["V18 aprover"]);
    expect(marks(gate("{ roles: [approver] }"), knowledge)).toEqual(["V18w { roles: [approver] }"]);
    expect(marks(gate("{ users: [a@x.test] }"), knowledge)).toEqual([]);
    expect(marks(gate("{ users: [a@x.test], quorum: 2 }"), knowledge)).toEqual([
      "V18w { users: [a@x.test], quorum: 2 }",
    ]);
    const failed = flow("  - { id: one, log: x, onError: { escalate: { to: { roles: [aprover] } } } }");
    expect(marks(failed, knowledge)).toEqual(["V18 aprover"]);
  });

  test("[V50] a quorum where an answer is asked for", () => {
    const marked = (task: string) => marks(flow(`  - { id: one, ${task} }`));
    expect(marked("approval: Go?, by: { quorum: 2 }")).toEqual([]);
    expect(marked("approval: Go?, by: { quorum: 2 }, fields: { amount: number }")).toEqual(["V50 2"]);
    expect(marked("form: Go?, by: { quorum: 3 }, fields: { amount: number }")).toEqual(["V50 3"]);
    expect(marked("log: x, onError: { escalate: { to: { quorum: 4 } } }")).toEqual(["V50 4"]);
  });

  test("[V51] a question that can't go further, or does so too late", () => {
    const marked = (more: string) => marks(flow(`  - { id: one, approval: Go?, ${more} }`));
    const chain = "escalate: [{ after: 1h, to: admin }]";
    expect(marked(`${chain}, timeout: 2h`)).toEqual([]);
    expect(marked(`${chain}, timeout: 1h, onTimeout: escalate`)).toEqual([]);
    expect(marked(`${chain}, onTimeout: escalate`)).toEqual(["V51 escalate"]);
    expect(marked("timeout: 1h, onTimeout: escalate")).toEqual(["V51 escalate"]);
    expect(marked(`${chain}, timeout: 1h`)).toEqual(["V51w [{ after: 1h, to: admin }]"]);
  });

  test("[V19] model aliases that the workspace doesn't have", () => {
    const text = flow("  - { id: one, agent: a, prompt: x }", "agents: { a: { model: smrat } }\n");
    expect(marks(text, { models: ["default", "smart"] })).toEqual(["V19w smrat"]);
    expect(marks(text)).toEqual([]);
  });

  test("[V20] a flow without tasks", () => {
    expect(check("id: x\ntasks: []")).toMatchObject([{ rule: "V20" }]);
  });

  test("[V21] facts of the run that there are none of", () => {
    expect(marks(flow('  - { id: one, log: "{{ run.id }} {{ run.price }}" }'))).toEqual(["V21 price"]);
  });

  test("[V22] what is broken is told once", () => {
    const tasks = '  - { id: one, agent: a }\n  - { id: two, log: "{{ tasks.one.output }}" }';
    expect(check(flow(tasks, agents)).map((one) => one.rule)).toEqual(["L10"]);
    const brokenAgent = flow("  - { id: one, agent: a, prompt: x }", "agents: { a: 3 }\n");
    expect(check(brokenAgent).map((one) => one.rule)).toEqual(["L10"]);
    const brokenTool = flow("  - { id: one, tool: t }", "tools: { t: { description: x } }\n");
    expect(check(brokenTool, tools).map((one) => one.rule)).toEqual(["L8"]);
  });

  test("every rule has its own number, in order", () => {
    const numbers = rules.map((rule) => Number(rule.number.slice(1)));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });
});
