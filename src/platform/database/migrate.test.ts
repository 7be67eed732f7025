import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startTestDatabase, type TestDatabase } from "../testing.ts";
import { migrate, readMigrations } from "./migrate.ts";

let test: TestDatabase;
let folder: string;
beforeAll(async () => {
  test = await startTestDatabase();
});
afterAll(() => test.close());
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "baton-migrations-"));
  await test.db.pool.query("drop schema public cascade; create schema public");
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, sql: string): void {
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, "migration.sql"), sql);
}
const recorded = async () =>
  (await test.db.pool.query("select migration_name, checksum, applied_steps_count from _prisma_migrations"))
    .rows;

describe("migrate", () => {
  it("applies what is missing, in order, and records it as Prisma does", async () => {
    write("1_one", "create table a (n int); insert into a values (1);");
    expect(await migrate(test.db, folder)).toEqual(["1_one"]);
    write("2_two", "alter table a add column m int; update a set m = n + 1;");
    expect(await migrate(test.db, folder)).toEqual(["2_two"]);
    expect(await migrate(test.db, folder)).toEqual([]);
    expect((await test.db.pool.query("select * from a")).rows).toEqual([{ n: 1, m: 2 }]);
    const migrations = await readMigrations(folder);
    expect(await recorded()).toEqual(
      migrations.map(({ name, checksum }) => ({ migration_name: name, checksum, applied_steps_count: 1 })),
    );
  });

  it("keeps nothing of a migration that fails half-way, and all of those before it", async () => {
    write("1_good", "create table good (n int);");
    write("2_bad", "create table half (n int); select 1 / 0;");
    await expect(migrate(test.db, folder)).rejects.toThrow(/"2_bad" failed: division by zero/);
    const { rows } = await test.db.pool.query(
      "select to_regclass('good') as good, to_regclass('half') as half",
    );
    expect(rows).toEqual([{ good: "good", half: null }]);
    write("2_bad", "create table half (n int);");
    expect(await migrate(test.db, folder)).toEqual(["2_bad"]);
  });

  it("applies each migration once when several processes start together", async () => {
    write("1_one", "create table once (n int); insert into once values (1);");
    const applied = await Promise.all(Array.from({ length: 4 }, () => migrate(test.db, folder)));
    expect(applied.flat()).toEqual(["1_one"]);
  });

  it("refuses a database that newer code has migrated", async () => {
    write("1_one", "create table a (n int);");
    write("2_later", "create table b (n int);");
    await migrate(test.db, folder);
    rmSync(join(folder, "2_later"), { recursive: true });
    await expect(migrate(test.db, folder)).rejects.toThrow(
      /newer than this code: it has the migration "2_later"/,
    );
  });

  it("refuses an applied migration whose text was changed", async () => {
    write("1_one", "create table a (n int);");
    await migrate(test.db, folder);
    write("1_one", "create table a (n bigint);");
    await expect(migrate(test.db, folder)).rejects.toThrow(/"1_one" was applied with another text/);
  });
});
