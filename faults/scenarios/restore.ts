import { execFileSync, spawnSync } from "node:child_process";
import { chownSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { listApprovals } from "#people/index.ts";
import { createFleet } from "../fleet.ts";
import { mixedFlow } from "../flows.ts";
import { note } from "../leave-nothing.ts";
import { judge, settle } from "../oracle.ts";
import { startPerson } from "../person.ts";
import type { Scenario } from "../scenario.ts";
import { openSite, type Server, startServer } from "../site.ts";
import { until } from "../wait.ts";

/**
 * Copies the server's folder while it works, as docs/operations.md says: Postgres is told before and after, its label goes
 * into the copy, and the journal of what changed meanwhile is copied last.
 */
async function copyAtWork(server: Server, to: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.postgres().url });
  await client.connect();
  try {
    await client.query("select pg_backup_start('baton', true)");
    // Files that go while they are copied are no loss: the journal has what was in them.
    spawnSync("cp", ["-a", server.home, to]);
    const { rows } = await client.query<{ labelfile: string }>("select labelfile from pg_backup_stop()");
    const data = join(to, "postgres", "data");
    const label = join(data, "backup_label");
    writeFileSync(label, rows[0]?.labelfile ?? "", { mode: 0o600 });
    const { uid, gid } = statSync(data);
    chownSync(label, uid, gid);
    rmSync(join(data, "pg_wal"), { recursive: true, force: true });
    execFileSync("cp", ["-a", join(server.home, "postgres", "data", "pg_wal"), join(data, "pg_wal")]);
    rmSync(join(data, "postmaster.pid"), { force: true });
  } finally {
    await client.end();
  }
}

/** A backup of the embedded server's folder is brought back after the folder was lost. */
function restoreOf(name: string, atWork: boolean): Scenario {
  return {
    name,
    waits: true,
    async run({ short, receiver, environment }) {
      const server = await startServer();
      const backup = `${server.home}-backup`;
      note({ folder: backup });
      try {
        const site = await openSite(server);
        await site.publish(mixedFlow(receiver));
        const count = short ? 3 : 30;
        const runs = await Promise.all(Array.from({ length: count }, (_, n) => site.start("mixed", { n })));
        const given = { ...environment, BATON_CONCURRENCY: "8" };
        const before = createFleet({ db: site.db, environment: { ...given, DATABASE_URL: site.url() } });
        before.start();
        await until(
          "all runs wait for a person",
          async () => (await listApprovals(site.db, site.scope, "pending")).length === count,
          60_000,
        );
        if (atWork) {
          // Others are under way while the copy is made, some of them begun in it.
          const others = site.startMany("mixed", count, true);
          await copyAtWork(server, backup);
          await others;
        }
        await before.stop();
        await site.db.close();
        await server.pause();
        if (!atWork) execFileSync("cp", ["-a", server.home, backup]);
        rmSync(server.home, { recursive: true, force: true });
        execFileSync("cp", ["-a", backup, server.home]);
        await server.goOn();
        await site.reopen();
        const { rows } = await site.db.pool.query<{ id: (typeof runs)[number] }>("select id from run");
        const there = rows.map(({ id }) => id);
        const missing = runs.filter((run) => !there.includes(run));
        if (missing.length > 0)
          throw new Error(`${missing.length} runs that stood still are not in the backup.`);
        const after = createFleet({ db: site.db, environment: { ...given, DATABASE_URL: site.url() } });
        after.start();
        const person = startPerson(site, receiver);
        await settle(site, there);
        await person.stop();
        await after.stop();
        const states = await judge(site, there, null);
        await site.close();
        return { runs: there.length, ...states };
      } finally {
        await server.stop();
        rmSync(backup, { recursive: true, force: true });
        note({ gone: backup });
      }
    },
  };
}

export const restore = restoreOf("backup restored: a run that was parked goes on", false);
export const restoreAtWork = restoreOf("backup made at work restored: what it holds goes on", true);
