import { expect, test } from "vitest";
import { LanguageService } from "../language/service.ts";
import type { Requests, TaskForm, TaskPreview } from "../language/protocol.ts";
import { flowOf, world } from "#flow/testing.ts";
import { expressionFields } from "./fields.ts";

const text = `id: f
tasks:
  - { id: first, set: { count: 2 } }
  - id: tell
    tool: notify
    when: tasks.first.output.count > 1
    with: { to: admin, text: "{{ tasks.first.output.count }} came" }
    timeout: 5m
`;

const service = new LanguageService();
function ask<K extends "form" | "preview" | "follow">(
  kind: K,
  more: Requests[K]["ask"],
): Requests[K]["answer"] {
  const reply = service.answer({ id: 1, kind, ...more } as never);
  if ("refused" in reply) throw new Error(reply.refused.message);
  return reply.answer as Requests[K]["answer"];
}

test("fields with expressions are previewed against the run that is followed", () => {
  const form = ask("form", { text, path: ["tasks", 1] }) as TaskForm;
  const fields = expressionFields(form);
  expect(fields.map(({ label, isCondition }) => [label, isCondition])).toEqual([
    ["with", false],
    ["when", true],
  ]);
  expect(ask("preview", { text, task: "tell", fields })).toBeNull();
  const run = world(flowOf(text), { tools: { notify: {} } });
  ask("follow", { run: { id: "run_1", events: run.events } });
  const preview = ask("preview", { text, task: "tell", fields }) as TaskPreview;
  expect(preview).toEqual({
    begun: true,
    values: {
      with: { ok: true, value: { to: "admin", text: "2 came" } },
      when: { ok: true, value: true },
    },
  });
});
