import { createHmac } from "node:crypto";
import { startsOf } from "#api/index.ts";
import type { RunId } from "#base/index.ts";
import {
  hookAddress,
  listTriggers,
  publishWithTriggers,
  receiveCall,
  type TriggerDeps,
} from "#triggers/index.ts";
import { createFleet } from "../fleet.ts";
import { judge, settle } from "../oracle.ts";
import type { Scenario } from "../scenario.ts";

const copies = 100;

const flow = `id: hooked
inputs: { n: integer }
triggers:
  - id: call
    webhook: { idempotencyKey: "{{ body.id }}", rateLimit: { limit: 100000, per: 1m } }
    with: { n: "{{ body.n }}" }
tasks: [{ id: done, log: "{{ inputs.n }}" }]
`;

/** One call from outside, sent many times over at once: by a sender that tries again too soon, or by two of its machines. */
export const webhook: Scenario = {
  name: "100 concurrent copies of one webhook: one run, and all are told which",
  waits: true,
  async run({ short, site, environment }) {
    await publishWithTriggers(site.db, site.scope, { text: flow, message: "", into: "any" });
    const [trigger] = await listTriggers(site.db, site.scope, { flow: "hooked" });
    if (trigger === undefined) throw new Error("The flow has no trigger.");
    const deps: TriggerDeps = { db: site.db, starts: startsOf(site.db) };
    const { path, signingKey } = await hookAddress(deps, site.scope, trigger.id);
    const token = path.split("/").at(-1) ?? "";
    const rounds = short ? 3 : 20;
    const runs: RunId[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const body = JSON.stringify({ id: `call ${round}`, n: round });
      const told = new Set<string>();
      const statuses = new Map<number, number>();
      await Promise.all(
        Array.from({ length: copies }, async (_, n) => {
          // Half are the very same call, half are signed anew under the same key.
          const seconds = Math.floor(Date.now() / 1000) - (n % 2) * n;
          const mac = createHmac("sha256", signingKey ?? "")
            .update(`${seconds}.${body}`)
            .digest("hex");
          const answer = await receiveCall(deps, token, {
            body: new TextEncoder().encode(body),
            headers: { "content-type": "application/json", "baton-signature": `t=${seconds},v1=${mac}` },
            query: new URLSearchParams(),
          });
          statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
          const run = answer.body["run"];
          told.add(JSON.stringify(run ?? answer.body));
        }),
      );
      const { rows } = await site.db.pool.query<{ id: RunId }>(
        "select id from run where workspace_id = $1 order by created_at",
        [site.workspace],
      );
      if (rows.length !== round + 1) throw new Error(`${copies} copies made ${rows.length - round} runs.`);
      if (told.size !== 1) throw new Error(`They were told of ${[...told].slice(0, 4).join(" and ")}.`);
      const made = rows.at(-1)?.id;
      if (made !== undefined) runs.push(made);
    }
    const fleet = createFleet({
      db: site.db,
      environment: { ...environment, DATABASE_URL: site.url(), BATON_CONCURRENCY: "8" },
    });
    fleet.start();
    await settle(site, runs);
    await fleet.stop();
    const states = await judge(site, runs, null);
    return { rounds, copies: rounds * copies, runs: runs.length, ...states };
  },
};
