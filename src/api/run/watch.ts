import { tracked } from "@trpc/server";
import { z } from "zod";
import type { RunId } from "#base/index.ts";
import { hiddenOfRun } from "#governance/index.ts";
import { getRun, runEvents } from "#journal/index.ts";
import { revisionText } from "#library/index.ts";
import { whileAllowed } from "../live.ts";
import { verb } from "../trpc.ts";

/** Events of a run after the last one seen, each with its `seq` as id, until the run's last. */
export const watch = verb("workspace.see")
  .input(
    z.object({
      id: z.string().max(100),
      lastEventId: z.union([z.string().regex(/^\d{1,9}$/), z.number().int().nonnegative()]).nullish(),
    }),
  )
  .subscription(async function* ({ ctx, input, signal }) {
    const { deps, scope } = ctx;
    const run = await getRun(deps.db, scope, input.id as RunId);
    const hidden = await hiddenOfRun(deps.db, scope, run, await revisionText(deps.db, scope, run.revisionId));
    const after = Number(input.lastEventId ?? 0);
    const events = whileAllowed(ctx, "workspace.see", signal, async function* (until) {
      if (run.finishedAt === null) yield* deps.watcher.watchRun(run.id, after, until);
      else yield* await runEvents(deps.db, scope, run.id, after);
    });
    for await (const event of events) yield tracked(String(event.seq), hidden.event(event));
  });
