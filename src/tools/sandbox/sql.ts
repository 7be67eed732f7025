import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BatonError, type Json } from "#base/index.ts";
import { type ProcessPool, createPool } from "./pool.ts";

/** How a text is read as the table `data`. */
export type TableFormat =
  | { readonly kind: "csv"; readonly delimiter: string }
  /** `complete`: whether it ends as it begins. The reader takes a list that was cut off for a whole one. */
  | { readonly kind: "json"; readonly complete: boolean }
  | { readonly kind: "json-lines" };

export type SqlRequest = {
  /** The file with the text, in UTF-8. */
  readonly path: string;
  /** How `data` is read beside `lines`, or null: there is no `data`. */
  readonly table: TableFormat | null;
  readonly sql: string;
  readonly maxRows: number;
  readonly maxCharacters: number;
  readonly memoryMegabytes: number;
};

export type SqlReply =
  | { readonly ok: true; readonly json: string }
  | {
      readonly ok: false;
      readonly kind: "sql" | "refused" | "memory" | "file" | "too-large";
      readonly message: string;
    };

export type SqlCall = {
  readonly text: string;
  readonly table: SqlRequest["table"];
  readonly sql: string;
  /** For messages. */
  readonly fileName: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
};

export type SqlRunner = {
  /**
   * One SELECT over the text: table `lines (n, text)`, and `data` where the text is CSV or JSON. Answers
   * `{ columns, rows, rowCount, truncated }`. Throws "bad-input", "forbidden", "limit-reached", "timeout".
   */
  run(call: SqlCall): Promise<Json>;
  close(): void;
};

export const rowLimit = 1_000;
const characterLimit = 1_000_000;
const memoryMegabytes = 512;

export function createSqlRunner(size = 2): SqlRunner {
  const pool: ProcessPool<SqlRequest, SqlReply> = createPool({
    entry: new URL("./sql-child.ts", import.meta.url),
    execArgv: ["--max-old-space-size=256", "--no-warnings"],
    size,
    reuse: false,
    idleMs: 120_000,
  });
  return {
    async run({ text, table, sql, fileName, timeoutMs, signal }) {
      const folder = await mkdtemp(join(tmpdir(), "baton-query-"));
      try {
        const path = join(folder, "file");
        await writeFile(path, withoutCarriageReturns(text), { mode: 0o600 });
        const request = {
          path,
          table,
          sql,
          maxRows: rowLimit,
          maxCharacters: characterLimit,
          memoryMegabytes,
        };
        const reply = await pool.run(request, { timeoutMs, signal, graceMs: 0, subject: "The query" });
        if (reply.ok) return JSON.parse(reply.json) as Json;
        throw explain({ ...reply, message: reply.message.replaceAll(path, fileName) }, fileName);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    close: () => pool.close(),
  };
}

/** Lines end with a line feed alone; the feed that ends the last line makes no further, empty one. */
function withoutCarriageReturns(text: string): string {
  const unix = text.includes("\r") ? text.replaceAll("\r\n", "\n") : text;
  return unix.endsWith("\n") ? unix.slice(0, -1) : unix;
}

function explain(reply: Exclude<SqlReply, { ok: true }>, fileName: string): BatonError {
  switch (reply.kind) {
    case "sql":
      return new BatonError("bad-input", `The query failed: ${reply.message}`, {
        hint: "SQL as DuckDB speaks it. Table lines has the columns n and text; CSV and JSON files also have table data.",
      });
    case "refused":
      return new BatonError("forbidden", `The query was refused: ${reply.message}.`, {
        hint: "Write one SELECT over the tables lines and data. Other files, settings and extensions cannot be reached.",
      });
    case "memory":
      return new BatonError("limit-reached", `The query needs more than ${memoryMegabytes} MB of memory.`, {
        hint: "Filter or group earlier in the query.",
      });
    case "too-large":
      return new BatonError(
        "too-large",
        `One row of the result is larger than ${characterLimit / 1_000_000} MB.`,
        {
          hint: "Ask for fewer or shorter columns.",
        },
      );
    case "file":
      return new BatonError("bad-input", `${fileName} could not be read as a table: ${reply.message}`, {
        hint: "Correct the file, or query its table lines instead of data.",
      });
  }
}
