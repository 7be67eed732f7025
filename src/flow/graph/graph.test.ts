import { describe, expect, test } from "vitest";
import { parseFlow } from "../language/parse.ts";
import { flowGraph } from "./graph.ts";

const text = `id: x
agents: { a: {} }
tasks:
  - { id: one, agent: a, prompt: x, title: First }
  - id: choose
    if: inputs.n > 1
    then: [{ id: yes, tool: notify, with: { to: a, text: b } }, { id: after, log: x }]
    else: [{ id: no, log: x }]
    errors: [{ id: oops, log: x }]
  - { id: both, parallel: [{ id: l, log: x }, { id: r, log: x }] }
  - { id: bad, agent: a }
errors: [{ id: tell, log: x }]
finally: [{ id: end, log: x }]
`;
const parsed = parseFlow(text);
if (!parsed.flow) throw new Error("the flow was not read");
const { nodes, edges } = flowGraph(parsed.flow, parsed.broken);
const node = (id: string) => nodes.find((one) => one.id === id);

describe("graph", () => {
  test("[G1] every task is a node under its static path", () => {
    expect(nodes.map((one) => one.id)).toEqual([
      "one",
      "choose",
      "choose/yes",
      "choose/after",
      "choose/no",
      "choose/!errors/oops",
      "both",
      "both/l",
      "both/r",
      "!errors/tell",
      "!finally/end",
      "bad",
    ]);
    expect(node("one")).toMatchObject({
      kind: "agent",
      title: "First",
      label: "a",
      agent: "a",
      parent: null,
    });
    expect(node("choose/yes")).toMatchObject({ tool: "notify", label: "notify" });
  });

  test("[G2] nodes nest and know their block", () => {
    expect(node("choose/yes")).toMatchObject({ parent: "choose", block: "then" });
    expect(node("choose/no")).toMatchObject({ parent: "choose", block: "else" });
    expect(node("choose/!errors/oops")).toMatchObject({ parent: "choose", block: "errors" });
    expect(node("choose")).toMatchObject({ group: true, label: "inputs.n > 1" });
    expect(node("one")).toMatchObject({ group: false });
  });

  test("[G3] edges follow the lists; parallel tasks have none between them", () => {
    expect(edges.map((one) => one.id)).toEqual([
      "choose/yes>choose/after",
      "one>choose",
      "choose>both",
      "both>!errors/tell",
      "both>!finally/end",
    ]);
  });

  test("[G4] a broken task is shown as such", () => {
    expect(node("bad")).toMatchObject({ kind: "broken", title: "bad", label: "agent" });
  });

  test("[G4] with the places of the others, broken tasks stand where they are written", () => {
    const read = parseFlow(
      "id: b\ntasks:\n  - { id: one, log: x }\n  - { id: bad, lgo: 1 }\n  - { id: two, parallel: [{ id: in, log: x }, { log: x }] }\n  - { id: three, if: a, then: [{ id: worse }] }\n",
    );
    if (!read.flow) throw new Error("the flow was not read");
    const graph = flowGraph(read.flow, read.broken, read.paths);
    expect(graph.nodes.map((one) => [one.id, one.kind, one.parent])).toEqual([
      ["one", "log", null],
      ["bad", "broken", null],
      ["two", "parallel", null],
      ["two/in", "log", "two"],
      ["two/[1]", "broken", "two"],
      ["three", "if", null],
      ["three/worse", "broken", "three"],
    ]);
    expect(graph.edges.map((edge) => edge.id)).toEqual(["one>bad", "bad>two", "two>three"]);
  });

  test("[G10] edges of a dag go from what is needed to what needs it", () => {
    const dag = parseFlow(
      "id: d\ntasks:\n  - { id: d, dag: [{ id: c, needs: [a, b], log: x }, { id: a, log: x }, { id: b, needs: a, log: x }], finally: [{ id: f, log: x }, { id: g, log: x }] }\n",
    ).flow;
    if (!dag) throw new Error("the flow was not read");
    expect(flowGraph(dag).edges.map((edge) => edge.id)).toEqual([
      "d/a>d/c",
      "d/b>d/c",
      "d/a>d/b",
      "d/!finally/f>d/!finally/g",
    ]);
  });

  test("[G11] a loop holds its tasks once and says what ends it", () => {
    const loop = parseFlow(
      "id: l\ntasks: [{ id: l, loop: { until: index > 3, max: 9 }, tasks: [{ id: a, log: x }, { id: b, log: x }] }]\n",
    ).flow;
    if (!loop) throw new Error("the flow was not read");
    const graph = flowGraph(loop);
    expect(graph.nodes).toMatchObject([
      { id: "l", group: true, label: "until index > 3, at most 9 rounds" },
      { id: "l/a", parent: "l" },
      { id: "l/b", parent: "l" },
    ]);
    expect(graph.edges.map((edge) => edge.id)).toEqual(["l/a>l/b"]);
  });
});
