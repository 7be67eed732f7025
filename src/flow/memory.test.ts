import { describe, expect, test } from "vitest";
import { evaluateExpression } from "./expression/evaluate.ts";
import { bindMemory } from "./expression/memory.ts";
import { expressionFacts } from "./expression/references.ts";
import { parseFlow } from "./language/parse.ts";
import { printFlow } from "./language/print.ts";
import { coversMemory, memoryGrantOf, memoryKeyProblem, readMemoryKey } from "./language/memory.ts";
import { foldEvents, machine, memoryReaders, type Remembered } from "./machine/index.ts";
import { flowOf, world } from "./machine/testing/world.ts";
import { validateFlow } from "./validate/index.ts";

/** Problems of a flow, as `RULE marked-text`. */
function marks(text: string): string[] {
  const lines = text.split("\n");
  return validateFlow(parseFlow(text)).map((one) => {
    const line = lines[one.line - 1] ?? "";
    return `${one.rule}${one.severity === "warning" ? "w" : ""} ${line.slice(one.column - 1, one.endColumn - 1)}`;
  });
}

const head = "id: desk\n";

describe("the language of memory", () => {
  test("[L90] a key is a scope and a name; a pattern ends in *", () => {
    expect(readMemoryKey("flow:case.7/total-1")).toEqual({ scope: "flow", name: "case.7/total-1" });
    for (const key of ["case", "flow:", "flw:case", "run:a b", "run:@x", `run:${"x".repeat(161)}`, "run:*"]) {
      expect(readMemoryKey(key), key).toBeUndefined();
      expect(memoryKeyProblem(key), key).toBeDefined();
    }
    for (const pattern of ["run:*", "flow:case.*", "workspace:policy"]) {
      expect(memoryKeyProblem(pattern, true), pattern).toBeUndefined();
    }
    expect(memoryKeyProblem("flw:case")).toContain('Did you mean "flow"?');
    expect(coversMemory("flow:case.*", "flow:case.total")).toBe(true);
    expect(coversMemory("flow:case.*", "flow:cases")).toBe(false);
    const { flow, problems } = parseFlow(
      `${head}memory: { read: ["workspace:*"] }\nagents: { a: { memory: { write: ["flow:x"] } } }\ntasks: []`,
    );
    expect(problems).toEqual([]);
    expect(flow?.memory).toEqual({ read: ["workspace:*"], write: [] });
    expect(flow?.agents["a"]?.memory).toEqual({ read: [], write: ["flow:x"] });
    expect(parseFlow(`${head}memory: { reads: [x] }\ntasks: []`).problems[0]).toMatchObject({ rule: "L7" });
  });

  test("[L91] memory among an agent's tools stands for all of its tools; unsaid, it is the run's memory", () => {
    const flow = flowOf(`${head}agents: { a: { tools: [memory] } }\ntasks: [{ id: t, log: x }]`);
    expect(flow.agents["a"]?.tools).toEqual([{ tool: "memory.*", when: undefined }]);
    expect(memoryGrantOf(flow, "a")).toEqual({ read: ["run:*"], write: ["run:*"] });
    expect(memoryGrantOf(flow, "nobody")).toEqual({ read: [], write: [] });
  });

  test("[L92] remember is read, printed, and read again", () => {
    const flow = flowOf(
      `${head}seed: { "workspace:policy": { days: 30 } }\nmemory: { write: ["flow:*"] }\ntasks:\n  - id: t\n    remember: { "flow:a.{{ run.id }}": "{{ now }}", "run:b": [1] }\n    as: decision\n    tags: [closed]\n    expires: 2d\n  - { id: u, remember: { "run:c": 1 } }`,
    );
    expect(flow.tasks[0]).toMatchObject({
      kind: "remember",
      entries: { "run:b": [1] },
      as: "decision",
      tags: ["closed"],
      expires: 172_800_000,
    });
    expect(flow.tasks[1]).toMatchObject({ as: "fact", tags: [], expires: undefined });
    expect(flowOf(printFlow(flow))).toEqual(flow);
    const wrong = parseFlow(`${head}tasks:\n  - { id: t, remember: { "run:c": 1 }, as: thing }`);
    expect(wrong.problems[0]?.message).toContain("must be fact, note, decision or artefact");
  });

  test("[L93] seed is read, printed, and read again", () => {
    const flow = flowOf(`${head}seed: { "workspace:policy": { days: 30 } }\ntasks: [{ id: t, log: x }]`);
    expect(flow.seed).toEqual({ "workspace:policy": { days: 30 } });
    expect(flowOf(printFlow(flow))).toEqual(flow);
  });

  test("[L94] tasks may do what the flow says and what its agents may", () => {
    const flow = flowOf(
      `${head}memory: { write: ["workspace:x"] }\nagents: { a: { tools: [memory], memory: { read: ["flow:*"] } } }\ntasks: [{ id: t, log: x }]`,
    );
    expect(memoryGrantOf(flow, null)).toEqual({
      read: ["run:*", "flow:*"],
      write: ["run:*", "workspace:x"],
    });
  });
});

describe("memory in expressions", () => {
  test("[E14] yields what is held, and null for nothing", () => {
    const scope = { inputs: { id: 7 } };
    bindMemory(scope, (key) => (key === "flow:case.7" ? { total: 3 } : null));
    expect(evaluateExpression("memory('flow:case.' + string(inputs.id)).total * 2", scope)).toBe(6);
    expect(evaluateExpression("default(memory('flow:none'), 'nothing')", scope)).toBe("nothing");
    expect(expressionFacts("memory('flow:a')").calls).toMatchObject([{ name: "memory", argument: "flow:a" }]);
  });

  test("[E16] is an error where no memory is at hand", () => {
    expect(() => evaluateExpression("memory('flow:a')", {})).toThrow("No memory is at hand");
  });
});

describe("validation of memory", () => {
  test("[V75] keys and patterns without a scope, or with a name that is none", () => {
    expect(
      marks(
        `${head}seed: { "notes": 1 }\nmemory: { read: ["flows:*"], write: ["run:a b"] }\ntasks:\n  - { id: t, remember: { "case.total": 1 } }\n  - { id: u, log: "{{ memory('case') }}" }\n`,
      ),
    ).toEqual(['V75 "notes"', 'V75 "flows:*"', 'V75 "run:a b"', 'V75 "case.total"', "V75 memory('case')"]);
  });

  test("[V76] what a task writes or reads outside of every grant", () => {
    const tasks = `tasks:\n  - { id: t, remember: { "flow:case.a": 1, "run:x": 1 } }\n  - { id: u, log: "{{ memory('workspace:policy') }}" }\n`;
    expect(marks(`${head}${tasks}`)).toEqual(['V76 "flow:case.a"', "V76 memory('workspace:policy')"]);
    expect(marks(`${head}memory: { read: ["workspace:*"], write: ["flow:case.*"] }\n${tasks}`)).toEqual([]);
    expect(
      marks(
        `${head}agents: { a: { tools: [memory], memory: { read: ["workspace:*"], write: ["flow:case.*"] } } }\n${tasks}  - { id: w, agent: a, prompt: x }\n`,
      ),
    ).toEqual([]);
  });

  test("[V77] memory() where nothing stops to read it", () => {
    expect(
      marks(
        `${head}vars: { a: "{{ memory('run:a') }}" }\nconcurrency: { key: "{{ memory('run:a') }}" }\nsuccess: memory('run:a') == 1\nagents: { a: { tools: [{ notify: "memory('run:a') == 1" }] } }\ntasks: [{ id: t, agent: a, prompt: "{{ memory('run:a') }}", when: "memory('run:a') != 2" }]\noutputs: { a: "{{ memory('run:a') }}" }\n`,
      ),
    ).toEqual(Array.from({ length: 4 }, () => "V77 memory('run:a')"));
  });

  test("[V78] a seed that holds an expression", () => {
    expect(
      marks(`${head}seed: { "flow:a": "{{ now }}", "flow:b": plain }\ntasks: [{ id: t, log: x }]\n`),
    ).toEqual(['V78 "{{ now }}"']);
  });

  test("[V79] memory for an agent without a tool for it", () => {
    const text = (tools: string): string =>
      `${head}agents:\n  a: { ${tools}memory: { read: ["flow:*"] } }\ntasks: [{ id: t, agent: a, prompt: x }]\n`;
    expect(marks(text(""))).toHaveLength(1);
    expect(marks(text(""))[0]).toMatch(/^V79w/);
    expect(marks(text("tools: [memory.get], "))).toEqual([]);
  });
});

describe("a run with memory", () => {
  const remembering = `id: r
memory: { read: ["flow:*"], write: ["flow:case.*"] }
tasks:
  - { id: keep, remember: { "flow:case.{{ inputs.id }}": "{{ memory('flow:last') + 1 }}" }, as: note, tags: [a], expires: 1h }
  - { id: then, if: memory('flow:last') == 41, then: [{ id: yes, log: "{{ memory('flow:last') }}" }] }
inputs: { id: string }
outputs: { last: "{{ memory('flow:last') }}", kept: "{{ tasks.keep.output }}" }
`;
  const held = new Map<string, Remembered>([["flow:last", { value: 41, version: 3 }]]);

  test("[M110] remember is one call, made again when it was cut off; its output is its result", () => {
    const calls: unknown[] = [];
    const run = world(remembering, {
      inputs: { id: "7" },
      memory: held,
      calls: (call) => {
        calls.push([call.tool, call.args, call.agent]);
        return { "flow:case.7": 1 };
      },
    });
    expect(calls).toEqual([
      ["remember", { entries: { "flow:case.7": 42 }, as: "note", tags: ["a"], expiresInMs: 3_600_000 }, null],
    ]);
    expect(run.output()).toEqual({ last: 41, kept: { "flow:case.7": 1 } });

    const cut = world(remembering, { inputs: { id: "7" }, memory: held, calls: () => "hang" });
    const [begun] = cut.events.filter(({ body }) => body.type === "tool-call-begun");
    const key = begun?.body.type === "tool-call-begun" ? begun.body.key : "";
    const before = cut.events.length;
    cut.send({ kind: "effect-lost", key, reason: "gone" });
    expect(cut.events).toHaveLength(before);
  });

  test("[E15] memory is read once a decision; the fold reads nothing", () => {
    const reads: string[] = [];
    const run = world(remembering, { inputs: { id: "7" }, memory: held, reads, calls: () => 1 });
    // One decision before the call, and one behind it.
    expect(reads).toEqual(["flow:last", "flow:last"]);
    expect(foldEvents(machine.initial(), run.events)).toEqual(run.state());
    expect(reads).toHaveLength(2);
  });

  test("[M111] what was read is an event for each task and key; deciding again without news journals nothing", () => {
    const run = world(remembering, { inputs: { id: "7" }, memory: held, calls: () => 1 });
    const read = run.events.flatMap(({ body }) =>
      body.type === "memory-read" ? [[body.path, body.key, body.version, body.value]] : [],
    );
    expect(read).toEqual([
      ["keep", "flow:last", 3, 41],
      ["then", "flow:last", 3, 41],
      ["then/yes", "flow:last", 3, 41],
      ["", "flow:last", 3, 41],
    ]);
    const before = run.events.length;
    run.settle();
    expect(run.events).toHaveLength(before);
  });

  test("[M111] a large value is kept apart and yields the same", () => {
    const large = new Map<string, Remembered>([["run:text", { value: "x".repeat(500), version: 1 }]]);
    const run = world(
      `id: r\ntasks: [{ id: a, set: { size: "{{ memory('run:text').size() }}" } }]\noutputs: { size: "{{ vars.size }}" }\n`,
      { memory: large, apart: 100 },
    );
    expect(run.output()).toEqual({ size: 500 });
    const read = run.events.find(({ body }) => body.type === "memory-read")?.body;
    expect(read?.type === "memory-read" && read.value).toHaveProperty("$blob");
  });

  test("[M112] what a task may not read or remember fails it", () => {
    const run = world(
      `id: r\nmemory: { write: ["flow:a.*"] }\ninputs: { key: string }\ntasks:\n  - { id: write, remember: { "{{ inputs.key }}": 1 }, onError: continue }\n  - { id: read, log: "{{ memory(inputs.key) }}", onError: continue }\n`,
      { inputs: { key: "workspace:secret.plan" }, memory: held },
    );
    const error = (path: string): string => {
      const status = run.state().tasks[path]?.status;
      return status?.name === "failed" ? `${status.error.code}: ${status.error.message}` : "";
    };
    expect(error("write")).toContain('forbidden: The memory "workspace:secret.plan" may not be written here');
    expect(error("read")).toContain('The memory "workspace:secret.plan" may not be read here');
    expect(run.events.some(({ body }) => body.type === "memory-read")).toBe(false);
  });

  test("[M113] an agent's call outside of its grant is not made, and it is told what it may", () => {
    const set = (callId: string, key: string) => ({ callId, tool: "memory.set", args: { key, value: 1 } });
    const made: unknown[] = [];
    const run = world(
      `id: r\nagents: { a: { tools: [memory], memory: { write: ["flow:case.*"] } } }\ntasks: [{ id: t, agent: a, prompt: x }]\n`,
      {
        tools: { "memory.set": {}, "memory.get": {} },
        models: (_, count) =>
          count > 1
            ? "done"
            : {
                toolCalls: [
                  set("1", "flow:case.a"),
                  set("2", "workspace:policy"),
                  { callId: "3", tool: "memory.get", args: { key: "flow:case.a" } },
                ],
              },
        calls: (call) => {
          made.push(call.args);
          return {};
        },
      },
    );
    expect(made).toEqual([{ key: "flow:case.a", value: 1 }]);
    const denied = run.events.flatMap(({ body }) => (body.type === "tool-call-denied" ? [body.reason] : []));
    expect(denied).toHaveLength(2);
    expect(denied[0]).toContain("What may be: flow:case.*");
    expect(denied[1]).toContain("What may be: nothing");
  });
});

describe("[G12] who reads an entry next", () => {
  const text = `id: readers
agents:
  may: { tools: [memory], memory: { read: ["flow:case.*"] } }
  mayNot: { tools: [memory] }
  noTool: { tools: [look], memory: { read: ["flow:*"] } }
  told: { instructions: "Know {{ memory('flow:case.x') }}" }
memory: { read: ["flow:*"] }
tasks:
  - { id: first, set: { x: "{{ memory('flow:case.x') }}" } }
  - { id: route, if: "1 == 2", then: [{ id: never, log: "{{ memory('flow:case.x') }}" }] }
  - id: both
    parallel:
      - { id: asks, agent: may, prompt: Look }
      - { id: other, agent: mayNot, prompt: Look }
      - { id: bare, agent: noTool, prompt: Look }
    errors: [{ id: sorry, log: "{{ memory('flow:case.x') }}" }]
  - { id: known, agent: told, prompt: Go on }
  - id: says
    log: '{{ memory( "flow:case.x" ) }} and {{ memory("flow:case.y") }}'
  - { id: ends, log: over }
`;
  const next = (run: ReturnType<typeof world>, key: string): string[] =>
    memoryReaders(flowOf(text), run.state(), key).map(
      ({ path, agent, when }) => `${when} ${path}${agent === null ? "" : ` by ${agent}`}`,
    );

  test("[G12] agents at work first, then what has not begun; nothing that is over or only a failure begins", () => {
    const run = world(text, { tools: { "memory.get": {}, look: {} }, models: () => "hang" });
    expect(next(run, "flow:case.x")).toEqual(["now both/asks by may", "later known", "later says"]);
    expect(next(run, "flow:case.y")).toEqual(["now both/asks by may", "later says"]);
    expect(next(run, "flow:other")).toEqual([]);
    // Without a grant of its own, an agent reads the memory of its run.
    expect(next(run, "run:log")).toEqual(["now both/other by mayNot"]);
    const before = foldEvents(machine.initial(), run.events.slice(0, 1));
    expect(memoryReaders(flowOf(text), before, "flow:case.x").map(({ path }) => path)).toEqual([
      ...["first", "route/never", "both/asks", "known", "says"],
    ]);
    const over = world(text, { tools: { "memory.get": {}, look: {} }, models: () => "done" });
    expect(next(over, "flow:case.x")).toEqual([]);
  });
});
