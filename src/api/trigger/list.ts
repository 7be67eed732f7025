import { z } from "zod";
import { listTriggers, type TriggerView } from "#triggers/index.ts";
import { verb } from "../trpc.ts";

/** What starts flows by itself: of the workspace, or of one flow. */
export const list = verb("workspace.see")
  .input(z.object({ flow: z.string().max(200).optional() }).optional())
  .query(({ ctx: { deps, scope }, input = {} }): Promise<TriggerView[]> =>
    listTriggers(deps.db, scope, { flow: input.flow }),
  );
