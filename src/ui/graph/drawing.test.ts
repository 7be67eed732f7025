import { describe, expect, it } from "vitest";
import { flowGraph, parseFlow } from "#flow/index.ts";
import { drawGraph } from "./drawing.ts";

const text = `
id: desk
agents: { helper: { instructions: Help. } }
tasks:
  - { id: sort, agent: helper, prompt: Sort }
  - id: route
    switch: "{{ tasks.sort.output }}"
    cases:
      refund: [{ id: settle, agent: helper, prompt: Settle }]
    default: [{ id: ask, log: Nobody knows }]
  - id: both
    parallel:
      - { id: one, log: One }
      - { id: two, log: Two }
    errors: [{ id: tell, log: It failed }]
finally: [{ id: note, log: Over }]
`;

describe("drawGraph", () => {
  const flow = parseFlow(text).flow;
  if (flow === null) throw new Error("the flow of this test does not parse");
  const drawing = drawGraph(flowGraph(flow));
  const node = (id: string) => {
    const found = drawing.nodes.find((one) => one.id === id);
    if (found === undefined) throw new Error(`no node ${id}`);
    return found;
  };

  it("keeps the order of the text from top to bottom", () => {
    expect(node("sort").y).toBeLessThan(node("route").y);
    expect(node("route").y).toBeLessThan(node("both").y);
    expect(node("both").y).toBeLessThan(node("#finally").y);
  });

  it("gives each branch and handler its own container", () => {
    expect(node("route#case:refund")).toMatchObject({ parent: "route", name: "refund", isBranch: true });
    expect(node("route/settle").parent).toBe("route#case:refund");
    expect(node("route#case:refund").y).toBe(node("route#default").y);
    expect(node("both#errors").y).toBeGreaterThan(node("both/one").y);
    expect(node("both/!errors/tell").parent).toBe("both#errors");
  });

  it("puts what is parallel side by side", () => {
    expect(node("both/one").y).toBe(node("both/two").y);
    expect(node("both/one").x).toBeLessThan(node("both/two").x);
  });

  it("names containers before what they hold, as the canvas wants it", () => {
    const seen = new Set<string>();
    for (const one of drawing.nodes) {
      if (one.parent !== null) expect(seen.has(one.parent)).toBe(true);
      seen.add(one.id);
    }
  });
});
