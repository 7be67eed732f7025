import { type SqlRunner, type TableFormat, rowLimit } from "../sandbox/sql.ts";
import type { Tool } from "../spec.ts";
import { fileArgument, fileOf, objectArguments, textOf } from "./arguments.ts";
import { decodeText } from "./text.ts";

const timeoutMs = 30_000;

export function filesQuery(sql: SqlRunner): Tool {
  return {
    name: "files.query",
    title: "Query a file",
    description: `Answers a question about a text, log, CSV or JSON file with one SQL SELECT (DuckDB). Table "lines" has the columns n (line number) and text; CSV, JSON and JSON lines files also have the table "data" with their own columns. Counts, searches and groups; at most ${rowLimit} rows come back.`,
    risk: "low",
    effect: "none",
    inside: true,
    inputSchema: {
      type: "object",
      properties: {
        file: fileArgument,
        sql: {
          type: "string",
          minLength: 1,
          maxLength: 20_000,
          title: "SQL",
          examples: ["SELECT count(*) AS lines FROM lines"],
          description:
            "One SELECT, for example: SELECT count(*) AS errors FROM lines WHERE text LIKE '%error%'",
        },
      },
      required: ["file", "sql"],
      additionalProperties: false,
    },
    outputSchema: {
      type: "object",
      properties: {
        columns: { type: "array", items: { type: "string" } },
        rows: { type: "array", items: { type: "object" }, description: "One object a row, by column." },
        rowCount: { type: "integer", description: "Rows of the whole result." },
        truncated: { type: "boolean", description: "Whether rows are missing at the end." },
      },
      required: ["columns", "rows", "rowCount", "truncated"],
    },
    idempotent: true,
    takesKey: false,
    timeoutMs: timeoutMs + 5_000,
    async call(input, context) {
      const args = objectArguments("files.query", input);
      const file = fileOf("files.query", args);
      const query = textOf("files.query", args, "sql");
      const { name, mediaType } = file.$file;
      const text = decodeText(name, await context.openFile(file));
      return sql.run({
        text,
        table: tableFormat(name, mediaType, text),
        sql: query,
        fileName: name,
        timeoutMs,
        signal: context.signal,
      });
    },
  };
}

/** How a text is read as a table: by its name, its type, or, for JSON lines, by how it begins. */
export function tableFormat(name: string, mediaType: string, text: string): TableFormat | null {
  const extension = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  const type = mediaType.split(";")[0]?.trim().toLowerCase() ?? "";
  if (["jsonl", "ndjson"].includes(extension) || /(?:ndjson|jsonl|json-seq|jsonlines)$/.test(type)) {
    return { kind: "json-lines" };
  }
  if (extension === "json" || type === "application/json") {
    if (linesOfObjects(text)) return { kind: "json-lines" };
    const [first, last] = [/^\s*(\S)/.exec(text)?.[1], text.slice(-1_000).trimEnd().at(-1)];
    return { kind: "json", complete: (first === "[" && last === "]") || (first === "{" && last === "}") };
  }
  if (extension === "tsv" || type === "text/tab-separated-values") return { kind: "csv", delimiter: "\t" };
  if (extension === "csv" || type === "text/csv") return { kind: "csv", delimiter: delimiterOf(text) };
  return linesOfObjects(text) ? { kind: "json-lines" } : null;
}

function linesOfObjects(text: string): boolean {
  const lines = text
    .slice(0, 100_000)
    .split("\n", 3)
    .map((line) => line.trim());
  const first = lines[0] ?? "";
  if (!first.startsWith("{") || !first.endsWith("}")) return false;
  try {
    JSON.parse(first);
    return true;
  } catch {
    return false;
  }
}

/** The separator that the first line uses most, outside of quotes. */
function delimiterOf(text: string): string {
  const start = text.slice(0, 100_000);
  const counts = new Map<string, number>([",", ";", "\t", "|"].map((separator) => [separator, 0]));
  let quoted = false;
  for (const char of start) {
    if (char === '"') quoted = !quoted;
    else if (!quoted && char === "\n") break;
    else if (!quoted && counts.has(char)) counts.set(char, (counts.get(char) ?? 0) + 1);
  }
  const [best] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
  return best;
}
