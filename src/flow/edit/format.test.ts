import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { parseFlow } from "../language/parse.ts";
import { trees, write } from "../machine/testing/generate.ts";
import { formatFlow } from "./format.ts";

const untidy = `# What this is
id:   desk     # short
tasks:
- id:  first
  log:   'hi'


  # Only now and then
  when: [ 1,  2 ]


- {id: second,log: x , with: {a: [1,2]}}
-   id: third
    script: javascript
    code: |
        # no comment
        return 1
          + 2${"   "}
# The end${"  "}
`;

describe("formatting", () => {
  test("[V80] layout is put in order; values, keys, quotes and comments stay", () => {
    expect(formatFlow(untidy)).toBe(`# What this is
id: desk # short
tasks:
  - id: first
    log: 'hi'

    # Only now and then
    when: [1, 2]

  - { id: second, log: x, with: { a: [1, 2] } }
  - id: third
    script: javascript
    code: |
      # no comment
      return 1
        + 2${"   "}

# The end
`);
  });

  const blueprints = import.meta.glob("../../../blueprints/*.yaml", {
    query: "?raw",
    import: "default",
    eager: true,
  });
  test.each(Object.entries(blueprints))("[V80] what is in order stays as it is: %s", (_name, text) => {
    expect(formatFlow(String(text))).toBe(text);
  });

  test("[V80] comments in every place stay, in order, and whatever is written, formatting again changes nothing", () => {
    const indents = fc.constantFrom(1, 2, 3, 4, 6);
    // Where a comment goes, and how often: by lines.
    const notes = fc.array(fc.tuple(fc.nat(400), fc.constantFrom("own", "end")), { maxLength: 8 });
    fc.assert(
      fc.property(
        trees(),
        indents,
        fc.boolean(),
        notes,
        fc.boolean(),
        (nodes, indent, indentSeq, where, wide) => {
          const plain = write(nodes);
          const laid = stringify(parse(plain), { indent, indentSeq, lineWidth: wide ? 0 : 40 });
          const lines = laid.split("\n");
          const comments: string[] = [];
          for (const [index, [at, how]] of where.entries()) {
            const line = at % lines.length;
            const comment = `# note ${index}`;
            const before = lines[line] ?? "";
            if (how === "own") lines.splice(line, 0, `${/^ */.exec(before)?.[0] ?? ""}${comment}`);
            else if (/[:\w}\]]$/.test(before) && !before.includes("#")) lines[line] = `${before} ${comment}`;
            else continue;
            comments.push(comment);
          }
          const text = lines.join("\n");
          // Within a text of several lines it is no comment, or no YAML any more.
          const { flow } = parseFlow(text);
          fc.pre(flow !== null && JSON.stringify(parseFlow(laid).flow) === JSON.stringify(flow));
          const formatted = formatFlow(text);
          expect(parseFlow(formatted).flow).toEqual(flow);
          expect(formatFlow(formatted)).toBe(formatted);
          const kept = [...formatted.matchAll(/# note \d+/g)].map(([found]) => found);
          expect(kept.toSorted()).toEqual(comments.toSorted());
        },
      ),
      { numRuns: 40 },
    );
  });

  test("[V81] what is no YAML is refused, by its line", () => {
    expect(() => formatFlow("id: a\ntasks: [\n")).toThrow(/line/);
    expect(() => formatFlow("id: a\nid: b\n")).toThrow(/line 2/);
    expect(() => formatFlow("id: a\n--- \nid: b\n")).toThrow(/more than its layout/);
    expect(formatFlow("")).toBe("");
  });
});
