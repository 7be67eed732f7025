import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { listApprovals } from "#people/index.ts";
import { createFleet } from "../fleet.ts";
import { mixedFlow } from "../flows.ts";
import { note } from "../leave-nothing.ts";
import { judge, settle } from "../oracle.ts";
import { startPerson } from "../person.ts";
import type { Scenario } from "../scenario.ts";
import { openSite, startServer } from "../site.ts";
import { until } from "../wait.ts";

/** The embedded server's folder is copied while it stands still, lost, and brought back. */
export const restore: Scenario = {
  name: "backup restored: a run that was parked goes on",
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
      await before.stop();
      await site.db.close();
      await server.pause();
      execFileSync("cp", ["-a", server.home, backup]);
      rmSync(server.home, { recursive: true, force: true });
      execFileSync("cp", ["-a", backup, server.home]);
      await server.goOn();
      await site.reopen();
      const after = createFleet({ db: site.db, environment: { ...given, DATABASE_URL: site.url() } });
      after.start();
      const person = startPerson(site, receiver);
      await settle(site, runs);
      await person.stop();
      await after.stop();
      const states = await judge(site, runs, null);
      await site.close();
      return { runs: count, ...states };
    } finally {
      await server.stop();
      rmSync(backup, { recursive: true, force: true });
      note({ gone: backup });
    }
  },
};
