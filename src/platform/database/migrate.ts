import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import { BatonError, messageOf } from "#base/index.ts";

/** A folder of `prisma/migrations`. */
export type Migration = { readonly name: string; readonly sql: string; readonly checksum: string };

/** Where the migrations of this code are. */
export const migrationsFolder = join(import.meta.dirname, "../../../prisma/migrations");

/** Any number, as long as nothing else in the database uses it: who holds it migrates. */
const lockNumber = 7_228_669;

/** Prisma's own table, in its own words, so that Prisma's command line agrees with what we applied. */
const table = `create table if not exists _prisma_migrations (
  id varchar(36) primary key not null,
  checksum varchar(64) not null,
  finished_at timestamptz,
  migration_name varchar(255) not null,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz not null default now(),
  applied_steps_count integer not null default 0
)`;

/** Reads the migrations of `folder`, oldest first. */
export async function readMigrations(folder: string = migrationsFolder): Promise<readonly Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.toSorted().map(async (name) => {
      const sql = await readFile(join(folder, name, "migration.sql"), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

/**
 * Brings the database to this code's schema: applies what is missing, each migration in one transaction with its row,
 * under a lock, so that several processes may start at once. Answers the names of what it applied. Throws
 * "misconfigured" when the database was made by newer or by different code.
 */
export async function migrate(
  database: { readonly pool: pg.Pool },
  folder: string = migrationsFolder,
): Promise<readonly string[]> {
  const migrations = await readMigrations(folder);
  const client = await database.pool.connect();
  let failed: Error | undefined;
  try {
    await client.query("select pg_advisory_lock($1)", [lockNumber]);
    await client.query(table);
    const applied = await appliedMigrations(client);
    assertSameHistory(migrations, applied);
    const missing = migrations.filter(({ name }) => !applied.has(name));
    for (const migration of missing) await apply(client, migration);
    await client.query("select pg_advisory_unlock($1)", [lockNumber]);
    return missing.map(({ name }) => name);
  } catch (error) {
    failed = error instanceof Error ? error : new Error(messageOf(error));
    throw error;
  } finally {
    // A connection that failed half-way is thrown away, and its lock with it.
    client.release(failed);
  }
}

async function appliedMigrations(client: pg.PoolClient): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ migration_name: string; checksum: string }>(
    `select migration_name, checksum from _prisma_migrations
      where finished_at is not null and rolled_back_at is null`,
  );
  return new Map(rows.map((row) => [row.migration_name, row.checksum]));
}

function assertSameHistory(migrations: readonly Migration[], applied: ReadonlyMap<string, string>): void {
  const known = new Map(migrations.map(({ name, checksum }) => [name, checksum]));
  for (const [name, checksum] of applied) {
    const ours = known.get(name);
    if (ours === undefined) {
      throw new BatonError(
        "misconfigured",
        `The database is newer than this code: it has the migration "${name}".`,
        {
          hint: "Start the version of Baton that made it, or a later one.",
        },
      );
    }
    if (ours !== checksum) {
      throw new BatonError(
        "misconfigured",
        `The migration "${name}" was applied with another text than this code has.`,
        {
          hint:
            "Restore the file prisma/migrations/" +
            name +
            "/migration.sql; change the schema by a new migration.",
        },
      );
    }
  }
}

async function apply(client: pg.PoolClient, migration: Migration): Promise<void> {
  try {
    await client.query("begin");
    await client.query(migration.sql);
    await client.query(
      `insert into _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       values ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    );
    await client.query("commit");
  } catch (cause) {
    await client.query("rollback").catch(() => undefined);
    throw new BatonError(
      "internal",
      `The migration "${migration.name}" failed: ${messageOf(cause)}. Nothing of it was kept.`,
      {
        hint: "Report this with the message; the database is as it was before.",
        cause,
      },
    );
  }
}
