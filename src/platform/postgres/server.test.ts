import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findBinaries } from "./binaries.ts";
import { startPostgres } from "./server.ts";

const volatile = { volatile: true };
let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "baton-postgres-"));
  chmodSync(home, 0o755);
});
afterAll(async () => {
  await (await startPostgres(home, volatile)).stop();
  rmSync(home, { recursive: true, force: true });
});

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe("startPostgres", () => {
  it("makes a server that only who knows its password may use, and adopts it when it runs", async () => {
    const first = await startPostgres(home, volatile);
    expect(first.adopted).toBe(false);
    expect(statSync(join(home, "postgres.json")).mode & 0o777).toBe(0o600);
    await ask(first.url, "create table kept (n int); insert into kept values (1)");
    const wrong = new URL(first.url);
    wrong.password = "guess";
    await expect(ask(wrong.href, "select 1")).rejects.toThrow(/password authentication failed/);
    const second = await startPostgres(home, volatile);
    expect(second).toMatchObject({ adopted: true, pid: first.pid, url: first.url });
  });

  it("starts again after the server was killed, with all that was committed", async () => {
    const running = await startPostgres(home, volatile);
    await ask(running.url, "checkpoint");
    process.kill(running.pid, "SIGKILL");
    const again = await startPostgres(home, volatile);
    expect(again.adopted).toBe(false);
    expect(again.pid).not.toBe(running.pid);
    expect(await ask(again.url, "select n from kept")).toEqual([{ n: 1 }]);
  });

  it("does not mind a pid file that names a process of somebody else", async () => {
    const running = await startPostgres(home, volatile);
    const { directory } = JSON.parse(readFileSync(join(home, "postgres.json"), "utf8")) as {
      directory: string;
    };
    const file = join(directory, "data/postmaster.pid");
    const lines = readFileSync(file, "utf8").split("\n");
    await running.stop();
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, [String(process.pid), ...lines.slice(1)].join("\n"));
    const again = await startPostgres(home, volatile);
    expect(again.adopted).toBe(false);
    expect(await ask(again.url, "select n from kept")).toEqual([{ n: 1 }]);
  });

  it("refuses data of another version of Postgres", async () => {
    await (await startPostgres(home, volatile)).stop();
    const { directory } = JSON.parse(readFileSync(join(home, "postgres.json"), "utf8")) as {
      directory: string;
    };
    const file = join(directory, "data/PG_VERSION");
    const version = readFileSync(file, "utf8");
    writeFileSync(file, "9\n");
    await expect(startPostgres(home, volatile)).rejects.toThrow(/was made by Postgres 9/);
    writeFileSync(file, version);
  });
});

describe("findBinaries", () => {
  it("says what to do where there are none", async () => {
    await expect(findBinaries("sunos", "x64")).rejects.toMatchObject({
      message: "Baton has no Postgres for sunos-x64.",
      hint: expect.stringContaining("DATABASE_URL"),
    });
  });
});
