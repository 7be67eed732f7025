import { isAbsolute, join, resolve } from "node:path";
import { z } from "zod";
import { BatonError } from "#base/index.ts";

/** The folder that holds package.json. */
export const projectFolder = resolve(import.meta.dirname, "../..");

const text = z.string().trim().min(1);
const httpUrl = z.url({
  protocol: /^https?$/,
  message: "must be an address that begins with http:// or https://",
});
const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, "must be a whole number")
    .transform(Number)
    .refine((value) => value >= least && value <= most, `must be between ${least} and ${most}`);

/**
 * Every variable of the environment that Baton reads. `.env.example` says the same for people; a test holds the two
 * together.
 */
export const variables = {
  BATON_HOME: text.default(".baton"),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, "must begin with postgresql://")
    .optional(),
  BATON_PORT: whole(0, 65_535).optional(),
  PORT: whole(0, 65_535).optional(),
  BATON_HOST: text.default("127.0.0.1"),
  BATON_URL: httpUrl.optional(),
  BATON_SECRET_KEY: z.string().min(16, "must have 16 characters or more").optional(),
  BATON_MAX_UPLOAD: whole(1, 1000).default(25),
  BATON_ROLE: z.enum(["web", "worker", "all"]).default("all"),
  BATON_WORKERS: whole(1, 64).default(1),
  BATON_CONCURRENCY: whole(1, 1000).default(32),
  BATON_METRICS_PORT: whole(0, 65_535).default(3031),
  BATON_METRICS_TOKEN: z.string().min(16, "must have 16 characters or more").optional(),
  BATON_EGRESS: text.optional(),
  BATON_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info"),
  OPENAI_API_KEY: text.optional(),
  OPENAI_BASE_URL: httpUrl.optional(),
  ANTHROPIC_API_KEY: text.optional(),
  ANTHROPIC_BASE_URL: httpUrl.optional(),
} as const;

export type Settings = {
  /** Absolute path of the folder that holds what this installation keeps outside the database. */
  readonly home: string;
  /** Of a Postgres server of the reader's own; undefined: the embedded one. */
  readonly databaseUrl: string | undefined;
  readonly host: string;
  readonly port: number;
  /** Origin that browsers use, without a slash at its end. */
  readonly url: string;
  readonly secretKey: string | undefined;
  /** Bytes. */
  readonly maxUpload: number;
  /** What `npm start` runs on this machine. */
  readonly role: "web" | "worker" | "all";
  /** How many workers it runs, where it runs workers. */
  readonly workers: number;
  /** Where workers answer probes and metrics; the next free port counts. 0: nowhere. */
  readonly metricsPort: number;
  /** Whoever names it may read metrics from elsewhere than the machine itself. */
  readonly metricsToken: string | undefined;
  /** How many runs a worker drives at once. */
  readonly concurrency: number;
  /** Places that tools may connect to besides public addresses: an outbound allow-list, as text. */
  readonly egress: string;
  readonly logLevel: string;
  readonly providers: {
    readonly openai: { readonly apiKey: string | undefined; readonly baseUrl: string | undefined };
    readonly anthropic: { readonly apiKey: string | undefined; readonly baseUrl: string | undefined };
  };
};

/** Reads settings out of an environment. Throws "misconfigured", naming every variable that is wrong. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const given = Object.fromEntries(
    // An empty variable counts as unset, as `.env` files often have them.
    Object.keys(variables).map((name) => [name, environment[name] === "" ? undefined : environment[name]]),
  );
  const parsed = z.object(variables).safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`);
    throw new BatonError("misconfigured", `The environment is wrong: ${faults.join("; ")}.`, {
      hint: "`.env.example` describes each variable.",
    });
  }
  const value = parsed.data;
  const port = value.BATON_PORT ?? value.PORT ?? 3030;
  return {
    home: isAbsolute(value.BATON_HOME) ? value.BATON_HOME : join(projectFolder, value.BATON_HOME),
    databaseUrl: value.DATABASE_URL,
    host: value.BATON_HOST,
    port,
    url: value.BATON_URL === undefined ? `http://localhost:${port}` : new URL(value.BATON_URL).origin,
    secretKey: value.BATON_SECRET_KEY,
    maxUpload: value.BATON_MAX_UPLOAD * 1024 * 1024,
    role: value.BATON_ROLE,
    workers: value.BATON_WORKERS,
    metricsPort: value.BATON_METRICS_PORT,
    metricsToken: value.BATON_METRICS_TOKEN,
    concurrency: value.BATON_CONCURRENCY,
    egress: value.BATON_EGRESS ?? "",
    logLevel: value.BATON_LOG_LEVEL,
    providers: {
      openai: { apiKey: value.OPENAI_API_KEY, baseUrl: value.OPENAI_BASE_URL },
      anthropic: { apiKey: value.ANTHROPIC_API_KEY, baseUrl: value.ANTHROPIC_BASE_URL },
    },
  };
}

let known: Settings | null = null;

/** The settings of this process, read once. */
export function settings(): Settings {
  known ??= readSettings(process.env);
  return known;
}
