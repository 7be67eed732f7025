import { z } from "zod";
import { BatonError, type RunId } from "#base/index.ts";
import { authorize, runPolicy, writeAudit } from "#governance/index.ts";
import { cancelInTransaction, getRun } from "#journal/index.ts";
import { transaction } from "#platform/index.ts";
import { verb } from "../trpc.ts";

/**
 * Asks a run to stop. Asking again at once changes nothing; some seconds later, the run ends without waiting for its
 * handlers. A run that is over is refused as "conflict".
 */
export const cancel = verb("run.control")
  .input(z.object({ id: z.string().max(100), reason: z.string().max(500).default("") }))
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    authorize(scope, runPolicy.cancel);
    const run = await getRun(deps.db, scope, input.id as RunId);
    if (run.finishedAt !== null) {
      throw new BatonError(
        "conflict",
        `The run is over already: it ${run.state}.`.replace("it cancelled", "it was cancelled"),
        {
          hint: "There is nothing left to cancel.",
        },
      );
    }
    await transaction(deps.db, async (tx) => {
      const { actor } = scope;
      const asked = await cancelInTransaction(tx, run.id, {
        kind: "cancel",
        by: { kind: actor.kind, id: actor.id, name: actor.name },
        reason: input.reason.trim(),
      });
      if (!asked) return;
      await writeAudit(tx, scope, {
        action: "run.cancel-requested",
        subject: { kind: "run", id: run.id },
        runId: run.id,
        body: { reason: input.reason.trim() },
      });
    });
    return { ok: true };
  });
