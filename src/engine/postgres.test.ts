import { machineVersion } from "#flow/machine/index.ts";
import {
  type PostgresJournal,
  createPostgresJournal,
  declareDead,
  migrateQueue,
  registerWorker,
  sendEventInTransaction,
} from "#journal/index.ts";
import { createLiveDocuments } from "#collab/index.ts";
import { createRunMemory, memoryPorts, sharedMemoryKind } from "#memory/index.ts";
import { createListener } from "#platform/index.ts";
import type { WorkspaceId } from "#base/index.ts";
import { startTestDatabase } from "#platform/testing.ts";
import { journalConformance } from "./conformance.ts";
import { newId } from "./testing/world.ts";

journalConformance("the journal in Postgres", async () => {
  const { db, close } = await startTestDatabase();
  await migrateQueue(db);
  const workspace = "ws_conformance" as WorkspaceId;
  await db.pool.query(
    "insert into flow (id, workspace_id, slug, title) values ('suite', $1, 'suite', 'Suite')",
    [workspace],
  );
  // Workers share one journal here: what keeps them apart are their ids, as between processes.
  const journal: PostgresJournal = createPostgresJournal({ db, machineVersion });
  const listener = createListener(db.url);
  const live = createLiveDocuments({ db, listener, kinds: [sharedMemoryKind(db)] });
  return {
    memory: createRunMemory(memoryPorts(db, live, () => journal.now())),
    async worker() {
      const id = newId("wrk");
      await registerWorker(db.pool, { id, host: "test", pid: process.pid });
      return { id, journal };
    },
    place: () => Promise.resolve({ workspace, flow: "suite", revision: "rev_suite" }),
    async declareDead(worker) {
      await declareDead(db, worker);
    },
    send: (event) => sendEventInTransaction(db.pool, { ...event, workspace, id: newId("evt") }),
    async close() {
      await live.close();
      await listener.close();
      journal.close();
      await close();
    },
  };
});
