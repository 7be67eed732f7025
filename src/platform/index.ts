export {
  type Database,
  type DatabaseOptions,
  type Queryable,
  type Transaction,
  openDatabase,
  transaction,
} from "./database/database.ts";
export {
  type OutageOptions,
  isBrokenConnection,
  isLostRace,
  isWorthRepeating,
  throughOutage,
} from "./database/away.ts";
export { type Migration, migrate, migrationsFolder, readMigrations } from "./database/migrate.ts";
export { type PostgresServer, type PostgresOptions, startPostgres } from "./postgres/server.ts";
export { log } from "./log.ts";
export {
  type MeasuredPool,
  type Reading,
  measureBy,
  measurePool,
  measureProcess,
  metrics,
  metricsText,
} from "./metrics.ts";
export { type PrismaClient, Prisma } from "./prisma/generated/client.ts";
export { type Channel, type Listener, type ListenerOptions, createListener, notify } from "./notify.ts";
export {
  type Sealer,
  createSealer,
  installationSealer,
  keyedHash,
  randomSource,
  randomToken,
  seal,
  sha256,
  unseal,
} from "./crypto.ts";
export { type Settings, projectFolder, readSettings, settings } from "./settings.ts";
export {
  type AddressClass,
  type Destination,
  type EgressPolicy,
  type OutboundFetch,
  type OutboundLimits,
  type Resolver,
  classifyAddress,
  createOutboundFetch,
  parseEgressList,
} from "./outbound/index.ts";
