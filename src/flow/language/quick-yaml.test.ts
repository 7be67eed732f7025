import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { trees, write } from "../machine/testing/generate.ts";
import { readQuickly } from "./quick-yaml.ts";
import type { DocumentPath } from "./source.ts";
import { readWhole, readYaml, yamlLimits } from "./yaml.ts";

const blueprints = Object.values(
  import.meta.glob("../../../blueprints/**/*.yaml", { query: "?raw", import: "default", eager: true }),
) as string[];

function pathsOf(value: unknown, path: DocumentPath = []): DocumentPath[] {
  if (typeof value !== "object" || value === null) return [path];
  return [
    path,
    ...Object.entries(value).flatMap(([name, item]) =>
      pathsOf(item, [...path, Array.isArray(value) ? Number(name) : name]),
    ),
  ];
}

/** The quick reader is not sure, or it reads what the whole parser reads, and finds it at the same places. */
function agrees(text: string): "quick" | "unsure" {
  const quick = readQuickly(text, yamlLimits);
  if (!quick) return "unsure";
  const whole = readWhole(text);
  expect(whole.problems, text).toEqual([]);
  expect(quick.value, text).toEqual(whole.value);
  const { source } = readYaml(text);
  for (const path of pathsOf(whole.value)) {
    for (const part of ["key", "value"] as const) {
      const [own, other] = [source.rangeOf(path, part), whole.source.rangeOf(path, part)];
      expect([own.start, own.line, own.column], `${text}\n${path.join(".")} ${part}`).toEqual([
        other.start,
        other.line,
        other.column,
      ]);
      // A comment at the end of a map is a part of it to the whole parser.
      const rest = text.slice(Math.min(own.end, other.end), Math.max(own.end, other.end));
      expect(rest, `${text}\n${path.join(".")} ${part}`).toMatch(/^(?:\s*(?:#[^\n]*)?(?:\n|$))*$/);
    }
  }
  return "quick";
}

test("[L36] the blueprints are read quickly, and as the whole parser reads them", () => {
  expect(blueprints.length).toBeGreaterThan(2);
  expect(blueprints.map(agrees)).toEqual(blueprints.map(() => "quick"));
});

test("[L36] generated flows are read quickly, and alike", () => {
  fc.assert(
    fc.property(trees(), (nodes) => {
      expect(agrees(write(nodes))).toBe("quick");
    }),
    { numRuns: 50 },
  );
});

test("[L36] any value as YAML writes it is read alike, or left to the whole parser", () => {
  const value = fc.object({
    maxDepth: 3,
    key: fc.oneof(fc.stringMatching(/^[a-z_][\w.-]{0,6}$/), fc.string()),
    values: [
      fc.string(),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom(
        "a\nb\n",
        "x: y",
        "- a",
        "# no",
        "1e3",
        "0x1f",
        "~",
        "true",
        "a #b",
        "it's",
        '"',
        "  pad",
        "|",
        ">",
      ),
    ],
  });
  fc.assert(
    fc.property(value, fc.boolean(), (given, isFlow) => {
      agrees(stringify(given, { lineWidth: 0, ...(isFlow ? { collectionStyle: "flow" as const } : {}) }));
    }),
    { numRuns: 300 },
  );
});

test("[L36] broken and odd texts are left to the whole parser, or read alike", () => {
  const pieces = [
    "a: 1",
    "b:",
    "  c: [1, {d: e}]",
    "- x",
    "  - y: z",
    "\n",
    "a: |",
    "  text",
    "    more",
    "# note",
    "k: 'it''s'",
    'q: "\\u00e9"',
    "  ? x",
    ": ",
    "{",
    "]",
    "&a",
    "*a",
    "!t",
    "---",
    "\t",
    "  z: 1 # c",
    "e: -",
    "f: 07",
    "g: .5",
    "- - a",
    "{ a: b, c }",
    "h: [a, b",
    "  , c]",
    "i: a: b",
    "j: >-",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 7 }), (lines) => {
      const text = lines.join("\n");
      if (readQuickly(text, yamlLimits)) agrees(text);
    }),
    { numRuns: 2_000 },
  );
});
