import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Json, RunId, WorkspaceId } from "#base/index.ts";
import { createSqlRunner } from "../sandbox/sql.ts";
import type { ToolContext } from "../spec.ts";
import { filesQuery } from "./files-query.ts";

const folder = mkdtempSync(join(tmpdir(), "baton-test-"));
process.env["TMPDIR"] = folder;
const sql = createSqlRunner(2);
const tool = filesQuery(sql);
afterAll(() => {
  sql.close();
  rmSync(folder, { recursive: true, force: true });
});

type Answer = { columns: string[]; rows: Record<string, Json>[]; rowCount: number; truncated: boolean };

async function query(
  content: string | Uint8Array,
  statement: string,
  name = "server.log",
  mediaType = "text/plain",
): Promise<Answer> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const context: ToolContext = {
    workspace: "ws_a" as WorkspaceId,
    run: "run_a" as RunId,
    path: "query",
    key: "key",
    signal: new AbortController().signal,
    openFile: async () => bytes,
    secret: async () => "",
    memory: () => Promise.resolve(null),
    notify: async () => ({ notified: 1 }),
    now: () => 0,
  };
  const file = { $file: { id: "file_a", name, mediaType, bytes: bytes.length, hash: "" } };
  return (await tool.call({ file, sql: statement }, context)) as unknown as Answer;
}

/** A log of an SSH server whose numbers are known. */
function sshLog(style: "syslog" | "iso"): string {
  const lines: string[] = [];
  const write = (text: string): void => {
    const n = lines.length;
    const clock = `0${n % 10}`.slice(-2);
    const stamp =
      style === "syslog" ? `Mar  3 10:00:${clock} web1` : `2026-03-03T10:00:${clock}.123456+01:00 web1`;
    lines.push(`${stamp} sshd[${2_000 + n}]: ${text}`);
  };
  for (let i = 0; i < 40; i += 1) write(`Failed password for root from 203.0.113.9 port ${4_000 + i} ssh2`);
  for (let i = 0; i < 25; i += 1)
    write("Failed password for invalid user admin from 2001:db8::17 port 51 ssh2");
  for (let i = 0; i < 7; i += 1)
    write("Failed password for invalid user test user from 198.51.100.4 port 22 ssh2");
  write("message repeated 5 times: [ Failed password for root from 198.51.100.4 port 22 ssh2]");
  write("Accepted publickey for ada from 192.0.2.1 port 5000 ssh2");
  return `${lines.join("\n")}\n`;
}

const bySource = `
  SELECT regexp_extract(text, 'from ([0-9a-fA-F:.]+) port', 1) AS source, count(*) AS attempts
  FROM lines WHERE text LIKE '%Failed password%' GROUP BY source ORDER BY attempts DESC`;

describe("files.query", () => {
  it.each(["syslog", "iso"] as const)("counts in a log (%s stamps, IPv6, odd user names)", async (style) => {
    const answer = await query(sshLog(style), bySource);
    expect(answer).toEqual({
      columns: ["source", "attempts"],
      rows: [
        { source: "203.0.113.9", attempts: 40 },
        { source: "2001:db8::17", attempts: 25 },
        { source: "198.51.100.4", attempts: 8 },
      ],
      rowCount: 3,
      truncated: false,
    });
  });

  it("numbers lines from 1, whatever ends them, and makes none of the last line's end", async () => {
    const expected = [
      { n: 1, text: "a" },
      { n: 2, text: "" },
      { n: 3, text: "c" },
    ];
    for (const text of ["a\n\nc", "a\n\nc\n", "a\r\n\r\nc\r\n", "\uFEFFa\n\nc\n"]) {
      expect((await query(text, "SELECT n, text FROM lines ORDER BY n")).rows).toEqual(expected);
    }
  });

  it("reads CSV with its separator, quotes and types", async () => {
    const answer = await query(
      'name;amount;at\n"A; B";1,5;2026-03-03\n"say ""hi""";2;2026-03-04\n',
      "SELECT * FROM data",
      "x.csv",
    );
    expect(answer.columns).toEqual(["name", "amount", "at"]);
    expect(answer.rows.map((row) => [row["name"], row["at"]])).toEqual([
      ["A; B", "2026-03-03"],
      ['say "hi"', "2026-03-04"],
    ]);
    const numbers = await query(
      "a,b\n1,2.5\n3,4\n",
      "SELECT sum(a) AS a, avg(b) AS b FROM data",
      'it\'s "odd" (1).CSV',
    );
    expect(numbers.rows).toEqual([{ a: 4, b: 3.25 }]);
    const tabs = await query("a\tb\n1\tx\n", "SELECT * FROM data", "x.tsv");
    expect(tabs.rows).toEqual([{ a: 1, b: "x" }]);
  });

  it("reads JSON and JSON lines, by name or by how a text begins", async () => {
    const lines = '{"level":"error","n":1}\n{"level":"info","n":2}\n{"level":"error","n":40}\n';
    for (const name of ["x.jsonl", "x.ndjson", "x.log", "x.json"]) {
      const answer = await query(
        lines,
        "SELECT level, sum(n) AS n FROM data GROUP BY level ORDER BY n",
        name,
      );
      expect(answer.rows).toEqual([
        { level: "info", n: 2 },
        { level: "error", n: 41 },
      ]);
    }
    const list = await query('[{"a":{"b":[1,2]}},{"a":null}]', "SELECT a FROM data", "x.json");
    expect(list.rows).toEqual([{ a: { b: [1, 2] } }, { a: null }]);
  });

  it("answers what JSON can hold", async () => {
    const { rows } = await query(
      "x",
      `SELECT 9007199254740993::BIGINT AS big, 7::BIGINT AS small, 1.25::DECIMAL(5,2) AS money, 'nan'::DOUBLE AS nan,
        TIMESTAMP '2026-03-03 10:00:00' AS at, TIMESTAMPTZ '2026-03-03 10:00:00+00' AS zoned, MAP {'k': 1} AS map, [1, NULL] AS list, NULL AS nothing`,
    );
    expect(rows).toEqual([
      {
        big: "9007199254740993",
        small: 7,
        money: 1.25,
        nan: null,
        at: "2026-03-03T10:00:00",
        zoned: expect.stringMatching(/^2026-03-03T\d\d:\d\d:00[+-]\d\d:\d\d$/),
        map: { k: 1 },
        list: [1, null],
        nothing: null,
      },
    ]);
  });

  it("caps rows, says so, and counts all of them", async () => {
    const answer = await query("x", "SELECT unnest(range(5000)) AS n");
    expect(answer.rows).toHaveLength(1_000);
    expect(answer).toMatchObject({ rowCount: 5_000, truncated: true });
  });

  it("caps the size of the result", async () => {
    const answer = await query("x", "SELECT repeat('y', 10000) AS y FROM range(900)");
    expect(answer.truncated).toBe(true);
    expect(JSON.stringify(answer).length).toBeLessThan(1_100_000);
    await expect(query("x", "SELECT repeat('y', 2000000) AS y")).rejects.toMatchObject({ code: "too-large" });
  });

  it.each([
    "COPY lines TO '/tmp/out.csv'",
    "ATTACH '/tmp/other.db'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA version",
    "PRAGMA enable_external_access=true",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "RESET enable_external_access",
    "EXPORT DATABASE '/tmp/out'",
    "INSERT INTO lines VALUES (1, 'x')",
    "DROP TABLE lines",
    "CREATE TABLE x AS SELECT 1",
    "CALL pragma_version()",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE lines",
    "-- a comment\nCOPY lines TO '/tmp/out.csv'",
    "/* SELECT */ (((PRAGMA version",
    "EXPLAIN ANALYZE COPY lines TO '/tmp/out.csv'",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/proc/self/environ')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM read_json('http://127.0.0.1:1/x')",
    "SELECT * FROM duckdb_secrets()",
    "  ",
    "-- nothing",
  ])("refuses %s", async (statement) => {
    await expect(query("a\nb\n", statement)).rejects.toMatchObject({
      code: expect.stringMatching(/^(forbidden|bad-input)$/),
      message: expect.not.stringContaining("baton-query-"),
    });
  });

  it.each([
    "SELECT * FROM '/etc/passwd'",
    "SELECT getenv('PATH')",
    "SELECT * FROM query('COPY lines TO ''/tmp/x''')",
  ])("has nothing to answer to %s", async (statement) => {
    await expect(query("a\nb\n", statement)).rejects.toMatchObject({ code: "bad-input" });
  });

  it("explains a mistake in the SQL", async () => {
    await expect(query("a", "SELECT nothing FROM lines")).rejects.toMatchObject({
      code: "bad-input",
      message: expect.stringMatching(/The query failed: .*nothing/),
    });
    await expect(query("a", "SELECT * FROM data")).rejects.toThrow(/data/);
    await expect(query("a", "how many lines?")).rejects.toMatchObject({
      code: "bad-input",
      message: 'The query failed: It is no SQL: a query starts with SELECT, not with "HOW".',
    });
  });

  it.each<[string, string | Uint8Array, string, RegExp]>([
    [
      "a picture",
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 1),
      "log.txt",
      /log\.txt is not text: it is a PNG image/,
    ],
    ["a gzip file", Uint8Array.of(0x1f, 0x8b, 8, 0), "log.txt", /compressed with gzip/],
    ["zero bytes", "a\0b", "log.txt", /zero bytes/],
    [
      "Latin-1",
      Uint8Array.of(0x61, 0x0a, 0x63, 0x61, 0x66, 0xe9, 0x0a),
      "log.txt",
      /line 2 holds bytes of another encoding/,
    ],
    ["an open quote", 'a,b\n1,"x\n3,4\n', "x.csv", /x\.csv could not be read as a table/],
    [
      "a row with too many columns",
      "a,b\n1,2\n3,4,5,6\n7,8\n",
      "x.csv",
      /x\.csv could not be read as a table/,
    ],
    [
      "a row with too few columns",
      "a,b,c\n1,2,3\n4\n5,6,7\n",
      "x.csv",
      /x\.csv could not be read as a table/,
    ],
    ["broken JSON", '[{"a":1},', "x.json", /x\.json could not be read as a table/],
    [
      "a broken line among JSON lines",
      '{"a":1}\nnot json\n{"a":2}\n',
      "x.jsonl",
      /x\.jsonl could not be read as a table/,
    ],
  ])("says that a file is not what it says: %s", async (_name, content, name, message) => {
    await expect(query(content, "SELECT * FROM data", name)).rejects.toMatchObject({
      code: "bad-input",
      message: expect.stringMatching(message),
      hint: expect.any(String),
    });
  });

  it("answers from the lines of a file whose table is broken", async () => {
    expect((await query('a,b\n1,"x\n3,4\n', "SELECT count(*) AS c FROM lines", "x.csv")).rows).toEqual([
      { c: 3 },
    ]);
  });

  it("reads UTF-16", async () => {
    const text = Buffer.from("\uFEFFgrüße\nzwei\n", "utf16le");
    expect((await query(text, "SELECT text FROM lines WHERE n = 1")).rows).toEqual([{ text: "grüße" }]);
  });

  it("reads a file of 25 MB", async () => {
    const line = `Mar  3 10:00:00 web1 sshd[2000]: Failed password for root from 203.0.113.9 port 4000 ssh2 ${"x".repeat(12)}\n`;
    const count = Math.ceil(25_000_000 / line.length);
    expect((await query(line.repeat(count), bySource)).rows).toEqual([
      { source: "203.0.113.9", attempts: count },
    ]);
  });

  it("ends a query without end with its caller's signal, and leaves no file behind", async () => {
    const controller = new AbortController();
    const pending = sql.run({
      text: "x",
      table: null,
      sql: "SELECT sum(a.range * b.range) FROM range(1000000000) a, range(1000000) b",
      fileName: "x",
      timeoutMs: 60_000,
      signal: controller.signal,
    });
    controller.abort(new Error("enough"));
    await expect(pending).rejects.toThrow("enough");
    await expect(
      sql.run({
        text: "x",
        table: null,
        sql: "SELECT sum(a.range * b.range) FROM range(1000000000) a, range(1000000) b",
        fileName: "x",
        timeoutMs: 300,
        signal: new AbortController().signal,
      }),
    ).rejects.toMatchObject({ code: "timeout" });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("ends a query that needs too much memory", async () => {
    await expect(
      query("x", "SELECT list(repeat('x', 1000) || a.range) FROM range(3000000) a"),
    ).rejects.toMatchObject({ code: "limit-reached" });
  });
});
