import { z } from "zod";
import { getFlow } from "#library/index.ts";
import { knowledgeOf } from "../deps.ts";
import { verb } from "../trpc.ts";
import type { FlowView } from "../views.ts";

export const get = verb("workspace.see")
  .input(z.object({ slug: z.string().max(200), revision: z.number().int().positive().optional() }))
  .query(async ({ ctx: { deps, scope }, input }): Promise<FlowView> =>
    getFlow(deps.db, scope, input, await knowledgeOf(deps, scope)),
  );
