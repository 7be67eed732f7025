import { Document, Scalar, stringify, visit } from "yaml";
import type { Json, JsonObject } from "#base/index.ts";

const options = { lineWidth: 0, flowCollectionPadding: true, minContentWidth: 0 } as const;

/** A value on one line, as it may stand after a colon inside of brackets too. */
export function inline(value: Json): string {
  const document = new Document(value);
  visit(document, {
    Collection(_, node) {
      node.flow = true;
    },
    Scalar(_, node) {
      if (typeof node.value === "string" && /[\n{}[\],]|: | #/.test(node.value))
        node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return oneLine(document.toString({ ...options, collectionStyle: "flow" }));
}

function oneLine(text: string): string {
  return text.trimEnd().replaceAll(/\n\s*/g, " ");
}

/** A value after a colon in block form: `value` on the same line, or lines of their own at this indentation. */
export function afterColon(value: Json, indent: number): string {
  if (isLong(value)) {
    const lines = stringify(value, options).trimEnd().split("\n");
    return `\n${indented(lines, indent)}`;
  }
  if (typeof value === "string" && value.includes("\n") && !/^\s|[ \t]\n|\n\s*$(?<!\n)/.test(value)) {
    const [head = "", ...lines] = stringify(value, { ...options, blockQuote: "literal" })
      .trimEnd()
      .split("\n");
    // Its own indentation is two.
    return ` ${head}\n${indented(
      lines.map((line) => line.replace(/^ {2}/, "")),
      indent,
    )}`;
  }
  return ` ${isCollection(value) ? inline(value) : scalar(value)}`;
}

/** A text, number, truth or null as YAML outside of brackets. */
export function scalar(value: Json, style?: string): string {
  const node = new Scalar(value);
  if (typeof value === "string" && (style === Scalar.QUOTE_DOUBLE || style === Scalar.QUOTE_SINGLE)) {
    node.type = style;
  }
  if (typeof value === "string" && value.includes("\n")) node.type = Scalar.QUOTE_DOUBLE;
  const document = new Document(null);
  document.contents = node as never;
  return document.toString(options).trimEnd();
}

function isCollection(value: Json): boolean {
  return typeof value === "object" && value !== null;
}

/** Whether a value reads better on lines of its own: tasks, and whatever is nested or has many members. */
function isLong(value: Json): boolean {
  if (Array.isArray(value)) return value.some(isCollection);
  if (!isCollection(value)) return false;
  const members = Object.values(value as JsonObject);
  return members.length > 4 || members.some(isCollection) || inline(value).length > 80;
}

function indented(lines: readonly string[], indent: number): string {
  return lines.map((line) => (line === "" ? "" : " ".repeat(indent) + line)).join("\n");
}

/** A task as an item of a list in block form, its dash in that column. Ends without a newline. */
export function blockItem(task: JsonObject, column: number): string {
  const lines = Object.entries(task).map(([name, value], index) => {
    const start = " ".repeat(column) + (index === 0 ? "- " : "  ");
    return `${start}${scalar(name)}:${afterColon(value, column + 4)}`;
  });
  return lines.length === 0 ? `${" ".repeat(column)}- {}` : lines.join("\n");
}

/** The lines of an item with its dash in another column. Comments and empty lines stay what they are. */
export function shifted(lines: string, by: number): string {
  return lines
    .split("\n")
    .map((line) => {
      if (by >= 0) return line.trim() === "" ? line : " ".repeat(by) + line;
      const room = line.length - line.trimStart().length;
      return line.slice(Math.min(room, -by));
    })
    .join("\n");
}
