/** Runs in a process of its own: one query over one file, then it is ended. See `sql.ts`. */
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { type DuckDBConnection, type DuckDBValue, DuckDBInstance, StatementType } from "@duckdb/node-api";
import { serve } from "./serve.ts";
import type { SqlReply, SqlRequest, TableFormat } from "./sql.ts";

type Cell = null | boolean | number | string | Cell[] | { [key: string]: Cell };

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

async function run(request: SqlRequest): Promise<SqlReply> {
  const instance = await DuckDBInstance.create(":memory:", {
    threads: "2",
    memory_limit: `${request.memoryMegabytes}MB`,
    temp_directory: "",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    allow_community_extensions: "false",
    allow_unsigned_extensions: "false",
  });
  const connection = await instance.connect();

  await connection.run(
    `CREATE TABLE lines AS
     SELECT unnest(generate_series(1, len(list))) AS n, unnest(list) AS text
     FROM (SELECT string_split(content, chr(10)) AS list FROM read_text(${quote(request.path)}))`,
  );
  let dataProblem: string | null = null;
  if (request.table !== null) {
    try {
      await connection.run(`CREATE TABLE data AS SELECT * FROM ${reader(request.table, request.path)}`);
    } catch (error) {
      dataProblem = firstLines(error);
    }
  }
  // Everything is in memory now. The copy goes at once, so that none is left when the worker is killed.
  await rm(dirname(request.path), { recursive: true, force: true });
  // From here on nothing but these tables can be reached, and nothing can be switched back on.
  await connection.run("SET enable_external_access = false");
  await connection.run("SET lock_configuration = true");

  try {
    return await query(connection, request);
  } catch (error) {
    const message = firstLines(error);
    if (dataProblem !== null && /Table with name data does not exist/i.test(message)) {
      return { ok: false, kind: "file", message: dataProblem };
    }
    if (/external access|file system operations|disabled by configuration|Cannot access/i.test(message)) {
      return { ok: false, kind: "refused", message };
    }
    if (/out of memory/i.test(message)) return { ok: false, kind: "memory", message };
    return { ok: false, kind: "sql", message };
  }
}

function reader(table: TableFormat, path: string): string {
  switch (table.kind) {
    case "csv":
      // Everything that decides what a row is, is given: left to itself the reader skips what it does not understand.
      return `read_csv(${quote(path)}, delim = ${quote(table.delimiter)}, quote = '"', escape = '"', skip = 0,
        comment = '', strict_mode = true, null_padding = false, ignore_errors = false, sample_size = 100000)`;
    case "json":
      if (!table.complete) throw new Error("The JSON is cut off, or more than one value.");
      return `read_json(${quote(path)}, format = 'auto', maximum_object_size = 33554432)`;
    case "json-lines":
      return `read_json(${quote(path)}, format = 'newline_delimited', maximum_object_size = 33554432)`;
  }
}

/** Words that a statement which only reads can start with. Some of PRAGMA passes for a SELECT otherwise. */
const readingWords: ReadonlySet<string> = new Set(
  "SELECT WITH FROM VALUES TABLE DESCRIBE SUMMARIZE SHOW EXPLAIN PIVOT UNPIVOT".split(" "),
);
/** Words that other statements start with. */
const verbs: ReadonlySet<string> = new Set([
  ...readingWords,
  ..."ALTER ANALYZE ATTACH BEGIN CALL CHECKPOINT COMMENT COMMIT COPY CREATE DEALLOCATE DELETE DETACH DROP EXECUTE EXPORT".split(
    " ",
  ),
  ..."FORCE IMPORT INSERT INSTALL LOAD MERGE PRAGMA PREPARE RESET ROLLBACK SET TRUNCATE UPDATE USE VACUUM".split(
    " ",
  ),
]);

function firstWord(sql: string): string {
  const bare = sql.replace(/^(?:\s|;|\(|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/, "");
  return (/^\w+/.exec(bare)?.[0] ?? bare.slice(0, 10)).toUpperCase();
}

async function query(connection: DuckDBConnection, request: SqlRequest): Promise<SqlReply> {
  const first = firstWord(request.sql);
  if (first === "") return { ok: false, kind: "refused", message: "it is empty" };
  if (!/^[A-Z]/.test(first) || !verbs.has(first)) {
    return {
      ok: false,
      kind: "sql",
      message: `It is no SQL: a query starts with SELECT, not with "${first}".`,
    };
  }
  if (!readingWords.has(first)) {
    return { ok: false, kind: "refused", message: `${first} is not possible` };
  }
  const statements = await connection.extractStatements(request.sql);
  if (statements.count !== 1) {
    return { ok: false, kind: "refused", message: `it holds ${statements.count} statements` };
  }
  const statement = await statements.prepare(0);
  const type = statement.statementType;
  if (type !== StatementType.SELECT && type !== StatementType.EXPLAIN) {
    const name = StatementType[type] ?? "such a statement";
    return { ok: false, kind: "refused", message: `${name.replaceAll("_", " ")} is not possible` };
  }
  const result = await statement.stream();
  const columns = result.deduplicatedColumnNames();
  const rows: Record<string, Cell>[] = [];
  let rowCount = 0;
  let room = request.maxCharacters;
  let truncated = false;
  for await (const chunk of result.yieldRows()) {
    rowCount += chunk.length;
    for (const values of chunk) {
      if (truncated) break;
      const row = Object.fromEntries(columns.map((column, at) => [column, cell(values[at] ?? null)]));
      room -= JSON.stringify(row).length + 1;
      truncated = room < 0 || rows.length >= request.maxRows;
      if (room < 0 && rows.length === 0) return { ok: false, kind: "too-large", message: "" };
      if (!truncated) rows.push(row);
    }
  }
  return { ok: true, json: JSON.stringify({ columns, rows, rowCount, truncated }) };
}

/** A value of DuckDB as JSON: numbers as numbers where they fit, instants in ISO 8601, the rest as DuckDB writes it. */
function cell(value: DuckDBValue): Cell {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "bigint")
    return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  const type = value.constructor.name;
  if ("items" in value && Array.isArray(value.items)) return value.items.map((item) => cell(item));
  if (type === "DuckDBMapValue" && "entries" in value) {
    const entries = value.entries as readonly { key: DuckDBValue; value: DuckDBValue }[];
    return Object.fromEntries(entries.map((entry) => [String(entry.key), cell(entry.value)]));
  }
  if ("entries" in value) {
    const entries = value.entries as Record<string, DuckDBValue>;
    return Object.fromEntries(Object.entries(entries).map(([key, item]) => [key, cell(item)]));
  }
  const text = String(value);
  if (type === "DuckDBDecimalValue") return cell(Number(text));
  if (type === "DuckDBUnionValue" && "value" in value) return cell(value.value as DuckDBValue);
  return type.startsWith("DuckDBTimestamp") ? text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00") : text;
}

function firstLines(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n\n")[0]?.slice(0, 600) ?? text;
}

serve<SqlRequest, SqlReply>(async (request) => {
  try {
    return { reply: await run(request) };
  } catch (error) {
    const message = firstLines(error);
    return { reply: { ok: false, kind: /out of memory/i.test(message) ? "memory" : "file", message } };
  }
});
