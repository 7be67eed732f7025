import { z } from "zod";
import { listFlows } from "#library/index.ts";
import { verb } from "../trpc.ts";
import type { FlowRow } from "../views.ts";

export const list = verb("workspace.see")
  .input(z.object({ search: z.string().max(200).optional(), archived: z.boolean().optional() }).optional())
  .query(({ ctx: { deps, scope }, input }): Promise<FlowRow[]> => listFlows(deps.db, scope, input ?? {}));
