import { describe, expect, it } from "vitest";
import { parseFlow, type Knowledge } from "#flow/index.ts";
import { completeAt, helpAt } from "./complete.ts";
import { LanguageService } from "./service.ts";
import { placeAt } from "./places.ts";

const text = `id: desk
inputs: { topic: { type: string, description: What to write about }, size: integer }
agents:
  writer: { instructions: Write., tools: [http.get] }
  editor: { instructions: Correct. }
tools:
  mail.send: { http: POST https://example.com, description: Sends a mail., risk: high }
tasks:
  - id: write
    agent: writer
    prompt: Write about {{ inputs.topic }}
    returns: { title: string, body: string }
  - id: both
    parallel:
      - id: left
        log: x
      - id: right
        tool: mail.send
`;
const knowledge: Knowledge = { roles: ["approver", "builder"], models: ["default", "fast"] };
const flow = parseFlow(text).flow;

/** Labels offered where the sign | stands. */
function offered(marked: string): string[] {
  const offset = marked.indexOf("|");
  const { options } = completeAt(marked.replace("|", ""), offset, flow, knowledge);
  return options.map((option) => option.label);
}

const after = (lines: string): string => text + lines;

describe("completion", () => {
  it("offers the keys of the flow that it does not have yet", () => {
    expect(offered(after("|"))).toEqual(expect.arrayContaining(["outputs", "limits", "finally"]));
    expect(offered(after("|"))).not.toContain("agents");
  });

  it("offers head keys for a task without one, and the keys of its head after that", () => {
    expect(offered(after("  - id: next\n    |"))).toEqual(
      expect.arrayContaining(["agent", "approval", "when", "title"]),
    );
    expect(offered(after("  - id: next\n    |"))).not.toContain("prompt");
    const keys = offered(after("  - id: next\n    agent: writer\n    |"));
    expect(keys).toEqual(expect.arrayContaining(["prompt", "returns", "retry"]));
    expect(keys).not.toContain("approval");
    expect(offered(after("  - |"))).toContain("id");
  });

  it("knows where it is in nested lists and in brackets", () => {
    expect(
      offered(
        after(
          "  - id: c\n    if: inputs.size > 1\n    then:\n      - id: d\n        approval: Go?\n        |",
        ),
      ),
    ).toContain("onReject");
    expect(offered(after("  - { id: c, approval: Go?, by: { r|"))).toContain("roles");
    expect(offered(after("  - id: c\n    retry: { maxAttempts: 3, b|"))).toContain("backoff");
  });

  it("offers choices, agents, tools, models and roles as values", () => {
    expect(offered(after("  - id: c\n    agent: |"))).toEqual(["writer", "editor"]);
    expect(offered(after("  - id: c\n    tool: |"))).toContain("mail.send");
    expect(offered(after("  - id: c\n    approval: Go?\n    onTimeout: |"))).toEqual(
      expect.arrayContaining(["fail", "escalate"]),
    );
    expect(offered(after("  - { id: c, approval: Go?, by: { roles: [|"))).toEqual(["approver", "builder"]);
    expect(offered("agents:\n  a:\n    model: |")).toEqual(["default", "fast"]);
  });

  it("offers members in expressions, in braces and in conditions", () => {
    expect(offered(after('outputs: { a: "{{ in|'))).toContain("inputs");
    expect(offered(after('outputs: { a: "{{ inputs.|'))).toEqual(["topic", "size"]);
    expect(offered(after("  - id: c\n    when: tasks.|"))).toEqual(["write", "both", "left", "right"]);
    expect(offered(after("  - id: c\n    when: tasks.write.|"))).toContain("output");
    expect(offered(after("  - id: c\n    when: tasks.write.output.|"))).toEqual(["title", "body"]);
  });
});

describe("help", () => {
  it("says what keys, tools, inputs and tasks are", () => {
    const at = (needle: string) => helpAt(text, text.indexOf(needle) + 1, flow, knowledge);
    expect(at("parallel:")?.text).toBe("Tasks at the same time.");
    expect(at("mail.send:")?.title).toBe("mail.send, high risk");
    expect(at("inputs.topic }}")?.text).toBe("What to write about");
    expect(at("desk")).toBeNull();
  });
});

describe("the service", () => {
  it("tells problems, the graph and where tasks stand, broken ones included", () => {
    const service = new LanguageService();
    const broken = after("  - id: odd\n    lgo: x\n");
    const analysis = service.analyse(broken);
    expect(analysis.graph?.nodes.map((node) => node.id)).toEqual([
      "write",
      "both",
      "both/left",
      "both/right",
      "odd",
    ]);
    expect(analysis.places.map((place) => place.id).toSorted()).toEqual(
      analysis.graph?.nodes.map((node) => node.id).toSorted(),
    );
    expect(placeAt(analysis.places, broken.indexOf("mail.send\n"))?.id).toBe("both/right");
    expect(analysis.problems.some((problem) => problem.fix !== undefined)).toBe(true);
  });

  it("makes a form for every kind of task, and reads what stands there", () => {
    const service = new LanguageService();
    const ask = (path: (string | number)[]) => service.answer({ id: 1, kind: "form", text, path });
    expect(ask(["tasks", 0])).toMatchObject({
      answer: {
        id: "write",
        kind: "agent",
        fields: expect.arrayContaining([
          expect.objectContaining({ label: "agent", value: "writer", isHead: true }),
          expect.objectContaining({ label: "prompt", control: "lines" }),
          expect.objectContaining({
            label: "returns",
            control: "yaml",
            source: "title: string\nbody: string",
          }),
          expect.objectContaining({ label: "disabled", control: "flag", isHead: false }),
        ]),
      },
    });
    const form = ask(["tasks", 1]) as { answer: { fields: { label: string }[] } };
    expect(form.answer.fields.map((field) => field.label)).toEqual(
      expect.arrayContaining(["join", "concurrency"]),
    );
    // Lists of tasks are for the canvas.
    expect(form.answer.fields.map((field) => field.label)).not.toContain("parallel");
    expect(form.answer.fields.map((field) => field.label)).not.toContain("errors");
  });

  it("says why a gesture is refused", () => {
    const gesture = { kind: "remove", task: ["tasks", 9] } as const;
    expect(new LanguageService().answer({ id: 1, kind: "edit", text, gesture })).toMatchObject({
      refused: { message: expect.stringContaining("not in the text") },
    });
  });
});
