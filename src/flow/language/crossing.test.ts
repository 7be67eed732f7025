import { describe, expect, test } from "vitest";
import { validateFlow } from "../validate/index.ts";
import type { Knowledge } from "../validate/knowledge.ts";
import { shapeOf } from "./shape.ts";
import { parseFlow } from "./parse.ts";

const tasks = (task: string, more = ""): string => `id: demo\n${more}tasks:\n  - { id: one, ${task} }\n`;
const rules = (text: string, knowledge: Knowledge = {}): string[] =>
  validateFlow(parseFlow(text), knowledge).map(
    (one) => `${one.rule}${one.severity === "warning" ? "w" : ""}`,
  );
const first = (text: string) => parseFlow(text).flow?.tasks[0];

describe("keys that reach across runs", () => {
  test("[L40] flow names a flow, with its revision, its inputs, and whether it is waited for", () => {
    expect(first(tasks("flow: intake"))).toMatchObject({
      kind: "flow",
      revision: undefined,
      with: {},
      detach: false,
    });
    expect(first(tasks("flow: intake, revision: 3, with: { a: 1 }, detach: true"))).toMatchObject({
      revision: 3,
      with: { a: 1 },
      detach: true,
    });
    expect(rules(tasks("flow: 1 x"))).toEqual(["L10"]);
    expect(rules(tasks("flow: intake, revision: 0"))).toEqual(["L10"]);
  });

  test("[L42] wait takes an event with a key; onTimeout and key belong to events alone", () => {
    expect(
      first(tasks("wait: { event: order.paid, key: '{{ run.id }}' }, timeout: 1d, onTimeout: continue")),
    ).toMatchObject({
      for: { event: "order.paid", key: "{{ run.id }}" },
      onTimeout: "continue",
    });
    expect(rules(tasks("wait: 5m, onTimeout: continue"))).toEqual(["L42"]);
    expect(rules(tasks("wait: { until: 2030-01-01T00:00:00Z, key: x }"))).toEqual(["L42"]);
    expect(rules(tasks("wait: { event: 'a b' }, timeout: 1d"))).toEqual(["L42"]);
    expect(rules(tasks("wait: { event: a, until: b }"))).toEqual(["L10"]);
  });

  test("[L43] lock is text that may hold expressions", () => {
    expect(first(tasks("log: x, lock: 'order-{{ run.id }}'"))?.lock).toBe("order-{{ run.id }}");
    expect(rules(tasks("log: x, lock: [a]"))).toEqual(["L10"]);
  });

  test("[L44] concurrency has a key, a limit of 1 unless given, and says what becomes of one too many", () => {
    const read = (text: string) => parseFlow(tasks("log: x", `concurrency: ${text}\n`)).flow?.concurrency;
    expect(read("{}")).toEqual({ key: undefined, limit: 1, onFull: "queue" });
    expect(read("{ key: a, limit: 3, onFull: fail }")).toEqual({ key: "a", limit: 3, onFull: "fail" });
    expect(rules(tasks("log: x", "concurrency: { limit: 0 }\n"))).toEqual(["L10"]);
  });
});

describe("validation of what reaches across runs", () => {
  const inputs = shapeOf({ n: "number", name: { type: "string", optional: true } });
  const knowledge: Knowledge = {
    flows: { get: (id) => (id === "intake" ? inputs : undefined), ids: () => ["intake"] },
  };

  test("[V40] a flow that the workspace does not have; a flow may start itself", () => {
    expect(rules(tasks("flow: intak"), knowledge)).toEqual(["V40"]);
    expect(rules(tasks("flow: demo"), knowledge)).toEqual([]);
    expect(rules(tasks("flow: intak"))).toEqual([]);
  });

  test("[V41] inputs that the flow does not take, that do not fit, or that are missing", () => {
    expect(rules(tasks("flow: intake, with: { n: 1 }"), knowledge)).toEqual([]);
    expect(rules(tasks("flow: intake, with: { n: '{{ run.id }}' }"), knowledge)).toEqual([]);
    expect(rules(tasks("flow: intake, with: { n: x }"), knowledge)).toEqual(["V41"]);
    expect(rules(tasks("flow: intake, with: { n: 1, m: 2 }"), knowledge)).toEqual(["V41"]);
    expect(rules(tasks("flow: intake"), knowledge)).toEqual(["V41"]);
    expect(
      rules(tasks("flow: demo, with: { a: 1 }", "inputs: { b: { type: string, default: x } }\n")),
    ).toEqual(["V41"]);
    expect(rules(tasks("flow: intake, revision: 2"), knowledge)).toEqual([]);
  });

  test("[V42] warning: a wait for an event without a timeout", () => {
    expect(rules(tasks("wait: { event: a }"))).toEqual(["V42w"]);
    expect(rules(tasks("wait: { event: a }, timeout: 1d"))).toEqual([]);
  });

  test("[V43] the key of concurrency knows inputs alone", () => {
    const key = (text: string) =>
      rules(tasks("log: x", `inputs: { a: string }\nconcurrency: { key: "{{ ${text} }}" }\n`));
    expect(key("inputs.a")).toEqual([]);
    expect(key("run.id")).toEqual(["V2"]);
  });
});
