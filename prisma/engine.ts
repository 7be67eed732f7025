import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from "@prisma/driver-adapter-utils";
import pg from "pg";
import { readMigrations, startPostgres } from "#platform/index.ts";

// Prisma's differ as WebAssembly, because its native engine would be a download. Used when a migration is made or
// checked, never by Baton as it runs.

const schemaFile = join(import.meta.dirname, "schema.prisma");

/**
 * The SQL that leads from the migrations in the folder to `schema.prisma`; empty when they agree. The migrations are
 * replayed on a throw-away server.
 */
export async function pendingSql(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "baton-migration-"));
  await chmod(home, 0o755);
  const server = await startPostgres(home, { volatile: true });
  const pools: pg.Pool[] = [];
  try {
    const admin = new pg.Pool({ connectionString: server.url, max: 1 });
    pools.push(admin);
    let count = 0;
    const open = async (): Promise<SqlDriverAdapter> => {
      count += 1;
      const name = `draft_${count}`;
      await admin.query(`create database ${name}`);
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      const pool = new pg.Pool({ connectionString: url.href, max: 4 });
      pools.push(pool);
      return adapter(pool);
    };
    const factory: SqlMigrationAwareDriverAdapterFactory = {
      provider: "postgres",
      adapterName: "@prisma/adapter-pg",
      connect: open,
      // Prisma's own answers the MAIN database here when it was given a connection string.
      connectToShadowDb: open,
    };
    return await difference(factory);
  } finally {
    await Promise.all(pools.map((pool) => pool.end()));
    await server.stop();
    await rm(home, { recursive: true, force: true });
  }
}

async function adapter(pool: pg.Pool): Promise<SqlDriverAdapter> {
  const charColumns = watchCharColumns(pool);
  const made = await new PrismaPg(pool).connect();
  const queryRaw: SqlDriverAdapter["queryRaw"] = async (query) => {
    const result = await made.queryRaw(query);
    for (const index of charColumns.get(query.sql) ?? [])
      result.columnTypes[index] = ColumnTypeEnum.Character;
    return result;
  };
  return new Proxy(made, {
    get(target, property) {
      // Theirs splits at every semicolon, also at those within a function's body.
      if (property === "executeScript") return async (script: string) => void (await pool.query(script));
      // The databases go with their server.
      if (property === "dispose") return async () => undefined;
      if (property === "queryRaw") return queryRaw;
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/**
 * adapter-pg can't read the type `"char"` (oid 18), which Postgres' catalog has and the differ asks for. Such columns
 * pass as `text` (25); the map says where they were, by statement.
 */
function watchCharColumns(pool: pg.Pool): ReadonlyMap<string, readonly number[]> {
  const seen = new Map<string, number[]>();
  const original = pool.query.bind(pool);
  Reflect.set(pool, "query", async (query: pg.QueryArrayConfig) => {
    const result = await original(query);
    const columns: number[] = [];
    for (const [index, field] of (result.fields ?? []).entries()) {
      if (field.dataTypeID !== 18) continue;
      field.dataTypeID = 25;
      columns.push(index);
    }
    if (columns.length > 0) seen.set(query.text, columns);
    return result;
  });
  return seen;
}

async function difference(factory: SqlMigrationAwareDriverAdapterFactory): Promise<string> {
  Reflect.set(globalThis, "PRISMA_WASM_PANIC_REGISTRY", {
    set_message(message: string) {
      process.stderr.write(`${message}\n`);
    },
  });
  const { SchemaEngine } = await loadEngine();
  const schema = { path: schemaFile, content: await readFile(schemaFile, "utf8") };
  const engine = await SchemaEngine.new(
    { datamodels: [[schema.path, schema.content]] },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory(factory),
  );
  const migrations = await readMigrations();
  const result = await engine.diff({
    from: {
      tag: "migrations",
      baseDir: join(import.meta.dirname, "migrations"),
      lockfile: { path: "migration_lock.toml", content: 'provider = "postgresql"\n' },
      shadowDbInitScript: "",
      migrationDirectories: migrations.map(({ name, sql }) => ({
        path: name,
        migrationFile: { path: "migration.sql", content: { tag: "ok", value: sql } },
      })),
    },
    to: { tag: "schemaDatamodel", files: [schema] },
    script: true,
    exitCode: null,
    filters: { externalTables: [], externalEnums: [] },
  });
  const script = (result.stdout ?? "").trim();
  return /^(--[^\n]*)?$/.test(script) ? "" : `${script}\n`;
}

async function loadEngine() {
  const bindings = await import("@prisma/schema-engine-wasm/schema_engine_bg");
  const file = createRequire(import.meta.url)
    .resolve("@prisma/schema-engine-wasm")
    .replace(/schema_engine\.js$/, "schema_engine_bg.wasm");
  const module = await WebAssembly.compile(await readFile(file));
  const instance = await WebAssembly.instantiate(module, { "./schema_engine_bg.js": { ...bindings } });
  bindings.__wbg_set_wasm(instance.exports);
  const start = instance.exports["__wbindgen_start"];
  if (typeof start === "function") start();
  return bindings;
}
