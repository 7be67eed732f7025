import { describe, expect, test } from "vitest";
import { parseFlow } from "../language/parse.ts";
import { validateFlow } from "./index.ts";

/** Problems of a flow with these tasks, as `RULE marked-text`. */
function marks(tasks: string, rest = ""): string[] {
  const text = `id: demo\n${rest}tasks:\n${tasks}\n`;
  const lines = text.split("\n");
  return validateFlow(parseFlow(text)).map((one) => {
    const line = lines[one.line - 1] ?? "";
    const marked = line.slice(one.column - 1, one.line === one.endLine ? one.endColumn - 1 : undefined);
    return `${one.rule}${one.severity === "warning" ? "w" : ""} ${marked}`;
  });
}
const fixes = (tasks: string, rest = ""): (string | undefined)[] =>
  validateFlow(parseFlow(`id: demo\n${rest}tasks:\n${tasks}\n`)).map((one) => one.fix?.text);

describe("control flow", () => {
  test("[V30] needs outside of a dag", () => {
    expect(marks("  - { id: a, log: x }\n  - { id: b, log: x, needs: a }")).toEqual(["V30 needs"]);
    const nested =
      "  - { id: d, dag: [{ id: s, sequence: [{ id: a, log: x, needs: b }] }, { id: b, log: x }] }";
    expect(marks(nested)).toEqual(["V30 needs"]);
    expect(marks("  - { id: d, dag: [{ id: a, log: x }], errors: [{ id: e, log: x, needs: a }] }")).toEqual([
      "V30 needs",
    ]);
  });

  test("[V31] needs that are no tasks of the same dag", () => {
    expect(marks("  - { id: d, dag: [{ id: load, log: x }, { id: b, needs: [laod], log: x }] }")).toEqual([
      "V31 laod",
    ]);
    expect(fixes("  - { id: d, dag: [{ id: load, log: x }, { id: b, needs: laod, log: x }] }")).toEqual([
      "load",
    ]);
    expect(marks("  - { id: o, log: x }\n  - { id: d, dag: [{ id: a, needs: o, log: x }] }")).toEqual([
      "V31 o",
    ]);
    const broken = "  - { id: d, dag: [{ id: a, lgo: x }, { id: b, needs: a, log: x }] }";
    expect(marks(broken)).toEqual(["L7 lgo"]);
  });

  test("[V32] tasks of a dag that need each other", () => {
    expect(
      marks(
        "  - { id: d, dag: [{ id: a, needs: c, log: x }, { id: b, needs: a, log: x }, { id: c, needs: [b], log: x }] }",
      ),
    ).toEqual(["V32 a"]);
    expect(marks("  - { id: d, dag: [{ id: a, needs: a, log: x }] }")).toEqual(["V32 a"]);
    const diamond =
      "  - { id: d, dag: [{ id: a, log: x }, { id: b, needs: a, log: x }, { id: c, needs: a, log: x }, { id: e, needs: [b, c], log: x }] }";
    expect(marks(diamond)).toEqual([]);
  });

  test("[V33] in a dag, a task reads what it needs, directly or through others", () => {
    const dag = (needs: string): string =>
      `  - id: d\n    dag:\n      - { id: a, log: x }\n      - { id: b, needs: a, log: x }\n      - { id: c, ${needs}log: "{{ tasks.a.output }}" }`;
    expect(marks(dag("needs: b, "))).toEqual([]);
    expect(marks(dag(""))).toEqual(["V33 a"]);
    const inside =
      '  - { id: d, dag: [{ id: a, log: x }, { id: s, needs: a, sequence: [{ id: t, log: "{{ tasks.a.output }}" }] }] }';
    expect(marks(inside)).toEqual([]);
    const after = '  - { id: d, dag: [{ id: a, log: x }] }\n  - { id: e, log: "{{ tasks.a.output }}" }';
    expect(marks(after)).toEqual([]);
  });

  test("[V34] a loop that nothing ends", () => {
    const loop = (head: string): string[] => marks(`  - { id: l, ${head}, tasks: [{ id: a, log: x }] }`);
    expect(loop("loop: {}")).toEqual(["V34 {}"]);
    expect(loop("loop: { every: 5s }")).toEqual(["V34 { every: 5s }"]);
    expect(loop("loop: false")).toEqual(["V34 false"]);
    expect(loop("loop: {}, timeout: 1h")).toEqual([]);
    expect(loop("loop: index > 3")).toEqual([]);
    expect(loop("loop: { max: 3 }")).toEqual([]);
  });

  test("[V35] a loop without tasks", () => {
    expect(marks("  - { id: l, loop: 3, tasks: [] }")).toEqual(["V35 []"]);
  });

  test("[V36] a stop where the run is ending already", () => {
    expect(marks("  - { id: a, log: x, finally: [{ id: s, stop: x }] }")).toEqual(["V36 stop"]);
    expect(marks("  - { id: a, log: x }", "errors: [{ id: s, stop: x }]\n")).toEqual(["V36 stop"]);
    expect(
      marks("  - { id: a, log: x }", "finally: [{ id: i, if: 1 < 2, then: [{ id: s, stop: x }] }]\n"),
    ).toEqual(["V36 stop"]);
    expect(marks("  - { id: a, log: x, errors: [{ id: s, stop: x }] }")).toEqual([]);
  });

  test("[V37] an output that success reads and the flow does not have", () => {
    const rest = "outputs: { total: 1 }\nsuccess: outputs.totl > 0 && outputs.total > 0\n";
    expect(marks("  - { id: a, log: x }", rest)).toEqual(["V37 totl"]);
    expect(fixes("  - { id: a, log: x }", rest)).toEqual(["total"]);
  });

  test("[V2] index and round in a loop, outputs in success alone", () => {
    const loop = (text: string): string[] =>
      marks(`  - { id: l, loop: { until: index > 2 && round > 1 }, tasks: [{ id: a, log: "${text}" }] }`);
    expect(loop("{{ index + round }}")).toEqual([]);
    expect(loop("{{ item }}")).toEqual(["V2 item"]);
    expect(marks('  - { id: a, log: "{{ round }}" }')).toEqual(["V2 round"]);
    expect(marks('  - { id: a, log: "{{ outputs }}" }')).toEqual(["V2 outputs"]);
  });

  test("[V5] until reads the tasks of its loop, which read no later ones", () => {
    expect(
      marks("  - { id: l, loop: { until: tasks.a.output == 'x' }, tasks: [{ id: a, log: x }] }"),
    ).toEqual([]);
    expect(
      marks('  - { id: l, loop: 2, tasks: [{ id: a, log: "{{ tasks.b.output }}" }, { id: b, log: x }] }'),
    ).toEqual(["V5 b"]);
  });

  test("[V14] tasks behind a stop, and those that need what always fails", () => {
    expect(marks("  - { id: s, stop: x }\n  - { id: a, log: x }")).toEqual(["V14w { id: a, log: x }"]);
    const dag =
      "  - { id: d, join: settled, dag: [{ id: f, fail: x }, { id: a, log: x }, { id: b, needs: f, log: x }] }";
    expect(marks(dag)).toEqual(["V14w { id: b, needs: f, log: x }"]);
  });

  test("[V1] a function that there is none of has the nearest as its fix", () => {
    expect(marks("  - { id: a, log: \"{{ 'x'.uper() }}\" }")).toEqual(["V1 uper"]);
    expect(fixes("  - { id: a, log: \"{{ 'x'.uper() }}\" }")).toEqual(["upper"]);
    expect(fixes("  - { id: a, log: \"{{ jsn('1') }}\" }")).toEqual(["json"]);
  });
});
