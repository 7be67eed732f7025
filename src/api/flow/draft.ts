import { z } from "zod";
import { getDraft } from "#library/index.ts";
import { verb } from "../trpc.ts";
import type { DraftView } from "../views.ts";

/** What stands around a draft. Its text comes with the live document of kind `flow` and the flow's id. */
export const draft = verb("workspace.see")
  .input(z.object({ slug: z.string().max(200) }))
  .query(({ ctx: { deps, scope }, input }): Promise<DraftView> => getDraft(deps.db, scope, input.slug));
