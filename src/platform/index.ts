export {
  type Database,
  type DatabaseOptions,
  type Queryable,
  type Transaction,
  openDatabase,
  transaction,
} from "./database/database.ts";
export { type Migration, migrate, migrationsFolder, readMigrations } from "./database/migrate.ts";
export { type PostgresServer, type PostgresOptions, startPostgres } from "./postgres/server.ts";
export { log } from "./log.ts";
export { type PrismaClient, Prisma } from "./prisma/generated/client.ts";
