import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** What this process tells of itself, in the terms of `docs/operations.md`. One registry for the process. */
export const registry = new Registry();

const registers = [registry];

/** Seconds; appends and claims take between a fraction of a millisecond and, with a database in trouble, many seconds. */
const databaseSeconds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30];
const callSeconds = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** The instruments, by what they measure. Counting costs well under a microsecond. */
export const metrics = {
  appends: new Histogram({
    name: "baton_append_seconds",
    help: "Time from handing events to the journal until they were committed.",
    buckets: databaseSeconds,
    registers,
  }),
  appendGroups: new Histogram({
    name: "baton_append_group_size",
    help: "Requests that one append statement carried.",
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 240],
    registers,
  }),
  fenced: new Counter({
    name: "baton_appends_fenced_total",
    help: "Appends refused because the run had been taken over.",
    registers,
  }),
  claims: new Counter({
    name: "baton_claims_total",
    help: "Claims of runs by outcome: claimed, taken-over (somebody had driven it before and left it unfinished), refused.",
    labelNames: ["outcome"] as const,
    registers,
  }),
  deaths: new Counter({
    name: "baton_workers_declared_dead_total",
    help: "Workers that this process declared dead.",
    registers,
  }),
  takeovers: new Counter({
    name: "baton_runs_taken_over_total",
    help: "Runs freed from a worker that was declared dead, or retired.",
    registers,
  }),
  deadLetters: new Counter({
    name: "baton_dead_letters_total",
    help: "Runs given up because they crashed whoever drove them.",
    registers,
  }),
  forgotten: new Counter({
    name: "baton_forgotten_runs_total",
    help: "Runs that the sweep found with unread signals and no job. Should stay 0.",
    registers,
  }),
  segmentFailures: new Counter({
    name: "baton_segment_failures_total",
    help: "Stretches of a run that ended with an error of Baton or its database.",
    registers,
  }),
  steps: new Counter({
    name: "baton_steps_total",
    help: "Model and tool calls that ended, by kind and outcome: ok, or the code of the error.",
    labelNames: ["kind", "outcome"] as const,
    registers,
  }),
  stepSeconds: new Histogram({
    name: "baton_step_seconds",
    help: "Time that model and tool calls took.",
    labelNames: ["kind"] as const,
    buckets: callSeconds,
    registers,
  }),
  triggerOutcomes: new Counter({
    name: "baton_trigger_outcomes_total",
    help: "What came of triggers, by kind and outcome: started, skipped, failed, refused, limited, duplicate.",
    labelNames: ["kind", "outcome"] as const,
    registers,
  }),
  scheduleLag: new Histogram({
    name: "baton_schedule_lag_seconds",
    help: "Time from when a firing of a schedule was due until its run was made.",
    buckets: [0.1, 0.5, 1, 2, 5, 15, 60, 600, 3600, 86_400],
    registers,
  }),
  forgottenTriggers: new Counter({
    name: "baton_forgotten_triggers_total",
    help: "Schedules and ends of runs that the sweep found due and without a job. Should stay 0.",
    registers,
  }),
  liveCommits: new Histogram({
    name: "baton_live_commit_seconds",
    help: "Time that a group of updates of live documents took to be committed.",
    buckets: databaseSeconds,
    registers,
  }),
  liveCommitGroups: new Histogram({
    name: "baton_live_commit_group_size",
    help: "Updates of live documents that one statement carried.",
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers,
  }),
  liveConnections: new Gauge({
    name: "baton_live_connections",
    help: "Connections to live documents.",
    registers,
  }),
  liveDocuments: new Gauge({
    name: "baton_live_documents",
    help: "Live documents that are held in memory.",
    registers,
  }),
  liveRefusals: new Counter({
    name: "baton_live_refusals_total",
    help: "What live documents refused, by reason.",
    labelNames: ["reason"] as const,
    registers,
  }),
  driven: new Gauge({
    name: "baton_driven_runs",
    help: "Runs that this worker drives now.",
    registers,
  }),
} as const;

let began = false;

/** Begins to measure the process itself: memory, event-loop lag, garbage collection. Doing it twice does nothing more. */
export function measureProcess(role: string): void {
  if (began) return;
  began = true;
  registry.setDefaultLabels({ role });
  collectDefaultMetrics({ register: registry });
}

/** A pool of connections, as far as its use is measured. */
export type MeasuredPool = {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  readonly options: { readonly max?: number | undefined };
};

/** Tells how many connections of a pool are there, in use and waited for. */
export function measurePool(pool: MeasuredPool): void {
  const gauge = new Gauge({
    name: "baton_pool_connections",
    help: "Connections to the database by state: used, idle, waiting (callers without one), most.",
    labelNames: ["state"] as const,
    registers,
    collect() {
      gauge.set({ state: "used" }, pool.totalCount - pool.idleCount);
      gauge.set({ state: "idle" }, pool.idleCount);
      gauge.set({ state: "waiting" }, pool.waitingCount);
      gauge.set({ state: "most" }, pool.options.max ?? 0);
    },
  });
}

/** Values by their labels, of one measurement. */
export type Reading = readonly {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}[];

/**
 * Registers gauges that are read together, when they are asked for, at most once in `freshMs`. While they can't be read,
 * they are left out.
 */
export function measureBy(
  gauges: readonly { readonly name: string; readonly help: string; readonly labels: readonly string[] }[],
  read: () => Promise<Readonly<Record<string, Reading>>>,
  freshMs = 5000,
  now: () => number = () => performance.now(),
): void {
  let last: { at: number; values: Promise<Readonly<Record<string, Reading>> | null> } | null = null;
  const values = (): Promise<Readonly<Record<string, Reading>> | null> => {
    if (last === null || now() - last.at > freshMs) last = { at: now(), values: read().catch(() => null) };
    return last.values;
  };
  for (const { name, help, labels } of gauges) {
    const gauge = new Gauge({
      name,
      help,
      labelNames: [...labels],
      registers,
      async collect() {
        const found = await values();
        gauge.reset();
        for (const { labels: of, value } of found?.[name] ?? []) gauge.set({ ...of }, value);
      },
    });
  }
}

/** All metrics in Prometheus' text format, with its content type. */
export async function metricsText(): Promise<{ type: string; text: string }> {
  return { type: registry.contentType, text: await registry.metrics() };
}
