import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type Document,
  type Node,
  type YAMLError,
} from "yaml";
import type { Problem } from "../problem.ts";
import { readQuickly } from "./quick-yaml.ts";
import { makeSource, type FlowSource } from "./source.ts";

/** Longest text in characters, deepest nesting, most nodes, and how many problems of the YAML itself are told. */
export const yamlLimits = { length: 1_000_000, depth: 60, nodes: 200_000, problems: 20 } as const;

export type YamlRead = {
  /** Undefined when the text can't be read as a whole. */
  readonly value: unknown;
  readonly problems: Problem[];
  readonly source: FlowSource;
};

/** Reads YAML 1.2 to plain values, without anchors, aliases, tags or duplicate keys. Never throws. */
export function readYaml(text: string): YamlRead {
  const empty = makeSource(text, null);
  const fail = (rule: string, message: string, start = 0, end = start): YamlRead => ({
    value: undefined,
    problems: [empty.problemAt(rule, "error", message, start, end)],
    source: empty,
  });
  if (text.length > yamlLimits.length) {
    return fail(
      "L1",
      `The text has ${text.length} characters; a flow may have ${yamlLimits.length}. Move data out of the flow into inputs or files.`,
    );
  }
  const tooDeep = bracketDepth(text);
  if (tooDeep !== undefined) {
    return fail("L5", `The text is nested more than ${yamlLimits.depth} deep.`, tooDeep, tooDeep + 1);
  }
  const quick = readQuickly(text, yamlLimits);
  if (quick) return { value: quick.value, problems: [], source: makeSource(text, { quick }) };
  return readWhole(text, fail);
}

/** Reads a text with a parser of all of YAML. */
export function readWhole(
  text: string,
  fail: (rule: string, message: string) => YamlRead = () => {
    throw new Error("The text is not YAML.");
  },
): YamlRead {
  let document: Document.Parsed;
  try {
    document = parseDocument(text, {
      prettyErrors: false,
      uniqueKeys: false,
      stringKeys: true,
      schema: "core",
      version: "1.2",
      logLevel: "error",
    });
  } catch (error) {
    return error instanceof RangeError
      ? fail("L5", `The text is nested more than ${yamlLimits.depth} deep.`)
      : fail("L2", `The text is not YAML: ${String(error)}`);
  }
  const source = makeSource(text, { document });
  const problems = [...document.errors, ...document.warnings]
    .slice(0, yamlLimits.problems)
    .map((error) => yamlProblem(error, source));
  if (document.errors.length > 0) return { value: undefined, problems, source };
  const reader = new Reader(source, problems);
  const value = reader.read(document.contents, [], 0);
  return { value: reader.stopped ? undefined : value, problems, source };
}

/** Offset of the first bracket that nests too deeply, if any: found before the parser's own stack ends. */
function bracketDepth(text: string): number | undefined {
  let depth = 0;
  for (let i = 0; i < text.length; i += 1) {
    const c = text.charAt(i);
    if (c === "[" || c === "{") {
      depth += 1;
      if (depth > 2_000) return i;
    } else if ((c === "]" || c === "}") && depth > 0) depth -= 1;
    else if (c === "\n" && depth < 1_000) depth = 0;
  }
  return undefined;
}

function yamlProblem(error: YAMLError, source: FlowSource): Problem {
  const [start, end] = error.pos;
  if (error.message.includes("call stack")) {
    return source.problemAt(
      "L5",
      "error",
      `The text is nested more than ${yamlLimits.depth} deep.`,
      start,
      end,
    );
  }
  switch (error.code) {
    case "TAB_AS_INDENT":
      return source.problemAt("L3", "error", "Indentation is made of spaces, not tabs.", start, start + 1);
    case "TAG_RESOLVE_FAILED":
      return source.problemAt(
        "L4",
        "error",
        "Tags (!name) are not part of the language. Write the plain value.",
        start,
        end,
      );
    case "MULTIPLE_DOCS":
      return source.problemAt(
        "L2",
        "error",
        "A file holds one flow: remove the second document (---).",
        start,
        end,
      );
    default:
      return source.problemAt(
        "L2",
        "error",
        `The text is not YAML here: ${sentence(error.message)}`,
        start,
        end,
      );
  }
}

function sentence(message: string): string {
  const first = (message.split("\n")[0] ?? message).trim();
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

/** Turns nodes into plain values and notes what the language does not take. */
class Reader {
  stopped = false;
  readonly #source: FlowSource;
  readonly #problems: Problem[];
  #nodes = 0;

  constructor(source: FlowSource, problems: Problem[]) {
    this.#source = source;
    this.#problems = problems;
  }

  #note(
    rule: string,
    message: string,
    node: Node | null | undefined,
    path: readonly (string | number)[],
  ): void {
    if (this.#problems.length >= yamlLimits.problems) return;
    const [start, end] = node?.range ?? [0, 0];
    this.#problems.push({ ...this.#source.problemAt(rule, "error", message, start, end), path });
  }

  read(node: unknown, path: (string | number)[], depth: number): unknown {
    this.#nodes += 1;
    if (this.stopped) return null;
    if (depth > yamlLimits.depth || this.#nodes > yamlLimits.nodes) {
      this.stopped = true;
      const message =
        depth > yamlLimits.depth
          ? `The text is nested more than ${yamlLimits.depth} deep.`
          : `The text holds more than ${yamlLimits.nodes} values.`;
      this.#note("L5", message, node as Node, path);
      return null;
    }
    if (isAlias(node)) {
      this.#note(
        "L4",
        `Aliases (*${node.source}) are not part of the language. Write the value out, or put it into vars.`,
        node,
        path,
      );
      return null;
    }
    if (isScalar(node) || isMap(node) || isSeq(node)) {
      if (node.anchor !== undefined) {
        this.#note(
          "L4",
          `Anchors (&${node.anchor}) are not part of the language. Use vars instead.`,
          node,
          path,
        );
      }
    }
    if (isScalar(node)) return this.#scalar(node.value, node, path);
    if (isSeq(node)) return node.items.map((item, index) => this.read(item, [...path, index], depth + 1));
    if (!isMap(node)) return null;
    const result: Record<string, unknown> = {};
    const seen = new Set<string>();
    for (const pair of node.items) {
      if (isAlias(pair.key)) {
        this.#note("L4", `Aliases (*${pair.key.source}) are not part of the language.`, pair.key, path);
        continue;
      }
      const key = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
      if (seen.has(key)) {
        this.#note("L6", `The key "${key}" stands here twice. Keep one of them.`, pair.key as Node, [
          ...path,
          key,
        ]);
        continue;
      }
      seen.add(key);
      if (key === "__proto__") {
        this.#note("L6", `"${key}" can't be a key.`, pair.key as Node, path);
        continue;
      }
      result[key] = this.read(pair.value, [...path, key], depth + 1);
    }
    return result;
  }

  #scalar(value: unknown, node: Node, path: readonly (string | number)[]): unknown {
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    if (typeof value === "bigint") return Number(value);
    this.#note(
      "L2",
      "This value is not one that JSON can hold. Quote it if it is meant as text.",
      node,
      path,
    );
    return null;
  }
}
