import { afterAll, beforeAll, expect, test } from "vitest";
import { metricsText } from "#platform/index.ts";
import { startTestDatabase, type TestDatabase } from "#platform/testing.ts";
import { measureJournal, migrateQueue } from "./index.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
  await migrateQueue(database.db);
});
afterAll(() => database.close());

test("what the database knows of all processes is among the metrics", async () => {
  const { pool } = database.db;
  await pool.query("insert into flow (id, workspace_id, slug, title) values ('f', 'ws', 'f', 'F')");
  await pool.query(
    `insert into run (id, workspace_id, flow_id, revision_id, number, state, started_by_kind, started_by_id, started_by_name)
     values ('run_1', 'ws', 'f', 'r', 1, 'waiting', 'user', 'u', 'Ada')`,
  );
  await pool.query(
    `insert into run_inbox (id, run_id, source, body, created_at)
     values ('i', 'run_1', 's', '{}', now() - interval '1 minute')`,
  );
  await pool.query("select graphile_worker.add_job('timer', '{}')");
  measureJournal(database.db);
  const { text } = await metricsText();
  expect(text).toMatch(/^baton_runs\{state="waiting"\} 1$/m);
  expect(text).toMatch(/^baton_queue_jobs\{task="timer"\} 1$/m);
  expect(text).toMatch(/^baton_inbox_unread 1$/m);
  expect(Number(/^baton_inbox_age_seconds ([\d.]+)$/m.exec(text)?.[1])).toBeGreaterThan(50);
  expect(text).toMatch(/^baton_workers_alive 0$/m);
});
