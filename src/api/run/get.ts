import { z } from "zod";
import type { JsonObject, RunId } from "#base/index.ts";
import { hiddenOfRun } from "#governance/index.ts";
import { getRun, runEvents } from "#journal/index.ts";
import { revisionText } from "#library/index.ts";
import { approvalsOfRun } from "#people/index.ts";
import { verb } from "../trpc.ts";
import type { RunView } from "../views.ts";

export const get = verb("workspace.see")
  .input(z.object({ id: z.string().max(100) }))
  .query(async ({ ctx: { deps, scope }, input }): Promise<RunView> => {
    const { db } = deps;
    const run = await getRun(db, scope, input.id as RunId);
    const [text, approvals, events] = await Promise.all([
      revisionText(db, scope, run.revisionId),
      approvalsOfRun(db, scope, run.id),
      runEvents(db, scope, run.id),
    ]);
    const hidden = await hiddenOfRun(db, scope, run, text);
    return {
      ...run,
      text,
      inputs: hidden.inputs((run.inputs ?? {}) as JsonObject),
      outputs: hidden.json(run.outputs),
      error: hidden.json(run.error),
      approvals,
      events: events.map((event) => hidden.event(event)),
    };
  });
