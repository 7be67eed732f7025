import { describe, expect, test } from "vitest";
import { flowOf, world } from "../machine/testing/world.ts";
import { parseFlow } from "../language/parse.ts";
import { validateFlow } from "../validate/index.ts";
import { inputOfSecret, inputSecret, withoutSecrets } from "./secret-inputs.ts";

const text = (tasks: string): string => `
id: login
inputs: { token: { type: string, format: password }, name: string }
agents: { a: { instructions: Work. } }
tasks:
${tasks}
`;
const call = text(
  '  - { id: go, tool: send, with: { auth: "Bearer {{ inputs.token }}", raw: "{{ inputs[\'token\'] }}", who: "{{ inputs.name }}" } }',
);

describe("secret inputs", () => {
  test("[L60] they may stand only where secret() may: in a tool's arguments", () => {
    const problems = (tasks: string): string[] => {
      const known = validateFlow(parseFlow(text(tasks)), {});
      return known.flatMap((one) => (one.rule === "V12" ? [one.message] : []));
    };
    expect(
      problems(`  - { id: one, agent: a, prompt: "{{ inputs.token }}" }
  - { id: two, log: "{{ inputs['token'] }}" }
  - { id: three, set: { x: "{{ inputs.token }}" }, when: inputs.token != "" }
  - { id: four, tool: notify, with: { to: "{{ inputs.token }}", text: "{{ inputs.name }}" } }`),
    ).toHaveLength(4);
  });

  test("[L61] a run holds references to them, and so does what it does", () => {
    const flow = flowOf(call);
    const { inputs, secrets } = withoutSecrets(flow, { token: "hunter2-and-more", name: "Ada" });
    expect(secrets).toEqual({ token: "hunter2-and-more" });
    expect(inputs).toEqual({ token: { $secret: "inputs:token" }, name: "Ada" });
    const run = world(flow, { inputs, tools: { send: {} } });
    const begun = run.events.find(({ body }) => body.type === "tool-call-begun")?.body;
    expect(begun).toMatchObject({
      args: {
        auth: { $template: ["Bearer ", inputSecret("token")] },
        raw: inputSecret("token"),
        who: "Ada",
      },
    });
    expect(JSON.stringify(run.events)).not.toContain("hunter2");
    expect(run.output()).toEqual({});
  });

  test("[V72] they may be handed on to a secret input of a flow, as they are, and to nothing else", () => {
    const known = parseFlow(
      "id: child\ninputs: { key: { type: string, format: password }, note: string }\ntasks: []\n",
    );
    const flows = {
      ids: () => ["child"],
      get: (id: string) => (id === "child" ? known.flow?.inputs : undefined),
    };
    const problems = (given: string): number =>
      validateFlow(parseFlow(text(`  - { id: one, flow: child, with: { ${given} } }`)), { flows }).filter(
        ({ rule }) => rule === "V12",
      ).length;
    expect(problems('key: "{{ inputs.token }}", note: x')).toBe(0);
    expect(problems(`key: "{{ inputs['token'] }}", note: x`)).toBe(0);
    expect(problems('key: "Bearer {{ inputs.token }}", note: x')).toBe(1);
    expect(problems(`key: "{{ inputs.token + 'x' }}", note: x`)).toBe(1);
    expect(problems('key: x, note: "{{ inputs.token }}"')).toBe(1);
  });

  test("[L80] what hands a secret input on holds the reference alone", () => {
    const flow = flowOf(text('  - { id: one, flow: child, with: { key: "{{ inputs.token }}" } }'));
    const { inputs } = withoutSecrets(flow, { token: "hunter2-and-more", name: "Ada" });
    const run = world(flow, { inputs });
    const asked = run.events.find(({ body }) => body.type === "child-requested")?.body;
    expect(asked).toMatchObject({ request: { with: { key: inputSecret("token") } } });
    expect(JSON.stringify(run.events)).not.toContain("hunter2");
  });

  test("[L62] a reference to an input never means a secret of the workspace, nor the other way round", () => {
    expect(inputOfSecret("inputs:token")).toBe("token");
    expect(inputOfSecret("TOKEN")).toBeNull();
    const forged = world(call, { inputs: { token: { $secret: "OTHER" }, name: "Ada" }, tools: { send: {} } });
    expect(forged.output()).toMatchObject({ outcome: "failed", error: { code: "expression" } });
  });
});
