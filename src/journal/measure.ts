import { type Database, measureBy } from "#platform/index.ts";

const stateSql = `select state, count(*)::int as count from run
   where finished_at is null or finished_at > clock_timestamp() - interval '1 day' group by state`;
const queueSql = `select jobs.task_identifier as task, count(*)::int as count,
       coalesce(max(extract(epoch from clock_timestamp() - jobs.run_at)), 0)::float8 as age
  from graphile_worker.jobs where jobs.run_at <= clock_timestamp() and jobs.locked_at is null
 group by jobs.task_identifier`;
const workerSql = `select count(*) filter (where died_at is null)::int as alive from worker`;
const inboxSql = `select count(*)::int as count,
       coalesce(max(extract(epoch from clock_timestamp() - run_inbox.created_at)), 0)::float8 as age
  from run_inbox join run on run.id = run_inbox.run_id where consumed_at is null and run.finished_at is null`;

/** Registers what the database knows of all processes: runs by state, the queue's depth and age, workers alive. */
export function measureJournal({ pool }: Database): void {
  measureBy(
    [
      {
        name: "baton_runs",
        help: "Runs by state; of those that are over, the ones of the last day.",
        labels: ["state"],
      },
      {
        name: "baton_queue_jobs",
        help: "Jobs that are due and that no worker has taken, by task.",
        labels: ["task"],
      },
      { name: "baton_queue_age_seconds", help: "Age of the oldest of them, by task.", labels: ["task"] },
      { name: "baton_inbox_unread", help: "Signals that runs have not taken in yet.", labels: [] },
      { name: "baton_inbox_age_seconds", help: "Age of the oldest of them.", labels: [] },
      { name: "baton_workers_alive", help: "Workers that give signs of life.", labels: [] },
    ],
    async () => {
      const [states, jobs, inbox, workers] = await Promise.all([
        pool.query<{ state: string; count: number }>(stateSql),
        pool.query<{ task: string; count: number; age: number }>(queueSql),
        pool.query<{ count: number; age: number }>(inboxSql),
        pool.query<{ alive: number }>(workerSql),
      ]);
      const all = (value: number | undefined): { labels: Record<string, string>; value: number }[] => [
        { labels: {}, value: value ?? 0 },
      ];
      return {
        baton_runs: states.rows.map(({ state, count }) => ({ labels: { state }, value: count })),
        baton_queue_jobs: jobs.rows.map(({ task, count }) => ({ labels: { task }, value: count })),
        baton_queue_age_seconds: jobs.rows.map(({ task, age }) => ({ labels: { task }, value: age })),
        baton_inbox_unread: all(inbox.rows[0]?.count),
        baton_inbox_age_seconds: all(inbox.rows[0]?.age),
        baton_workers_alive: all(workers.rows[0]?.alive),
      };
    },
  );
}
