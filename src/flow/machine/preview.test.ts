import { describe, expect, test } from "vitest";
import type { Json } from "#base/index.ts";
import { inputSecret } from "../values/secret-inputs.ts";
import { momentBefore, previewOf, shownSecrets } from "./index.ts";
import { flowOf, world } from "./testing/world.ts";

const text = `
id: f
inputs: { name: string, key: { type: string, format: password, optional: true } }
vars: { count: 1 }
memory: { read: ["flow:*"] }
tasks:
  - { id: first, set: { count: 5 } }
  - id: each
    foreach: [1, 2]
    tasks: [{ id: mark, set: { last: "{{ item }}" } }]
  - { id: never, log: x, when: "false" }
  - { id: gate, fail: broken }
  - { id: later, log: x }
`;

function preview(task: string, template: Json, options: { isCondition?: boolean; apart?: number } = {}) {
  const { isCondition = false, apart } = options;
  const run = world(text, {
    inputs: { name: "Ada", key: inputSecret("key") },
    ...(apart ? { apart } : {}),
  });
  const moment = momentBefore(run.events, task);
  return { ...moment, result: previewOf(moment, flowOf(text), "run_1", { template, isCondition }) };
}
const value = (task: string, template: Json): unknown => {
  const { result } = preview(task, template);
  return result.ok ? shownSecrets(result.value) : result.why;
};

describe("previews", () => {
  test("[V82] an expression is previewed as it was right before the last run began its task", () => {
    expect(value("first", "{{ vars.count }} for {{ inputs.name }}")).toBe("1 for Ada");
    expect(value("each", "{{ vars.count }}")).toBe(5);
    expect(value("each/mark", { now: "{{ item }} at {{ index }}" })).toEqual({ now: "2 at 1" });
    expect(value("gate", "{{ tasks.each.output }}")).toEqual([{ last: 1 }, { last: 2 }]);
    expect(preview("gate", "tasks.first.output.count == 5", { isCondition: true }).result).toEqual({
      ok: true,
      value: true,
    });
    expect(preview("never", "x").begun).toBe(true);
    const later = preview("later", "{{ tasks.gate.state }}");
    expect(later).toMatchObject({ begun: false, result: { ok: true, value: "failed" } });
  });

  test("[V83] secrets stay hidden, and what can't be told is told why", () => {
    expect(value("first", "{{ inputs.key }}")).toBe("•••");
    expect(value("first", "Bearer {{ secret('API') }}")).toBe("Bearer •••");
    expect(value("first", "{{ vars.none }}")).toMatch(/none/);
    expect(value("first", "{{ 1 + }}")).toMatch(/expression/i);
    expect(value("first", "{{ memory('flow:a') }}")).toBe(
      "It reads flow:a of memory, which is only read by runs.",
    );
    expect(preview("gate", "{{ tasks.each.output }}", { apart: 10 }).result).toEqual({
      ok: false,
      why: "It reads a value that is too large to be shown here.",
    });
  });
});
