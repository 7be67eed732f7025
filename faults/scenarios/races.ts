import { BatonError } from "#base/index.ts";
import { decideApproval, listApprovals } from "#people/index.ts";
import { createFleet } from "../fleet.ts";
import { eventsSql, judge, settle } from "../oracle.ts";
import type { Scenario, Stage } from "../scenario.ts";
import { pause, until } from "../wait.ts";

const copies = 100;

const gate = (deadline: string): string => `id: gate
tasks:
  - { id: gate, approval: "Go on?"${deadline} }
`;

type Told = { readonly won: number; readonly lost: number; readonly words: ReadonlySet<string> };

/** Decides one approval many times at once, half yes and half no. */
async function decideOften(stage: Stage, at: number | null): Promise<Told> {
  const { site } = stage;
  const [open] = await listApprovals(site.db, site.scope, "pending");
  if (open === undefined) throw new Error("Nothing is asked.");
  const due = open.deadline === null || at === null ? null : open.deadline + at;
  if (due !== null) await pause(Math.max(0, due - Date.now()));
  let won = 0;
  let lost = 0;
  const words = new Set<string>();
  await Promise.all(
    Array.from({ length: copies }, async (_, n) => {
      const decision = open.decisions[n % 2]?.decision ?? "approve";
      try {
        await decideApproval(site.db, site.scope, {
          id: open.id,
          hash: open.hash,
          decision,
          comment: decision === "reject" ? "No" : "",
          answer: null,
        });
        won += 1;
      } catch (error) {
        if (!BatonError.isInstance(error) || error.code !== "conflict") throw error;
        lost += 1;
        words.add(error.message);
      }
    }),
  );
  return { won, lost, words };
}

async function decisions(stage: Stage, run: string): Promise<number> {
  const { rows } = await stage.site.db.pool.query<{ count: number }>(
    `select ((select count(*) from ${eventsSql} as event where type = 'approval-decided')
           + (select count(*) from audit_entry where run_id = any($1::text[]) and action = 'approval.decided'))::int as count`,
    [[run]],
  );
  return rows[0]?.count ?? 0;
}

/** Many decide the same, at once and at the deadline. */
export const decided: Scenario = {
  name: "100 concurrent decisions, also against the deadline: one counts, the others are told",
  waits: true,
  async run(stage) {
    const { short, site, environment, random } = stage;
    await site.publish(gate(""));
    const fleet = createFleet({
      db: site.db,
      environment: { ...environment, DATABASE_URL: site.url(), BATON_CONCURRENCY: "8" },
    });
    await fleet.start().child.ready;
    const asked = async (): Promise<boolean> =>
      (await listApprovals(site.db, site.scope, "pending")).length > 0;
    let losers = 0;
    const rounds = short ? 2 : 10;
    for (let round = 0; round < rounds; round += 1) {
      const run = await site.start("gate");
      await until("the approval is asked", asked, 30_000);
      const told = await decideOften(stage, null);
      await settle(site, [run]);
      // The same decision by the same person again is answered like the first.
      if (told.won !== copies / 2 || told.lost !== copies / 2) {
        throw new Error(`${told.won} were told that they decided, ${told.lost} that they did not.`);
      }
      if (![...told.words].every((word) => word.includes("decided this already"))) {
        throw new Error(`The losers were told: ${[...told.words].join(" | ")}`);
      }
      if ((await decisions(stage, run)) !== 2) throw new Error("Not exactly one decision is on record.");
      losers += told.lost;
      await judge(site, [run], null, ["rejected"]);
    }
    await site.publish(gate(", timeout: 2s, onTimeout: fail").replace("id: gate", "id: late"));
    let late = 0;
    const deadlines = short ? 4 : 20;
    for (let round = 0; round < deadlines; round += 1) {
      const run = await site.start("late");
      await until("the approval is asked", asked, 30_000);
      const told = await decideOften(stage, random.whole(-1200, 0));
      await settle(site, [run]);
      const record = await decisions(stage, run);
      const { rows } = await site.db.pool.query<{ state: string; error: string | null }>(
        "select state, error from run where id = $1",
        [run],
      );
      const passed = (rows[0]?.error ?? "").includes('"deadline"');
      if (passed !== (told.won === 0)) {
        throw new Error(`${told.won} decided, and the run ended as ${rows[0]?.state}: ${rows[0]?.error}`);
      }
      if (record !== (told.won === 0 ? record : 2)) throw new Error(`${record} decisions are on record.`);
      if (passed) late += 1;
      await judge(site, [run], null, ["rejected", "deadline"]);
    }
    await fleet.stop();
    return { rounds, losers, deadlines, "deadline first": late };
  },
};
