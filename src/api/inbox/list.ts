import { z } from "zod";
import { listApprovals } from "#people/index.ts";
import { verb } from "../trpc.ts";
import type { ApprovalView } from "../views.ts";

/** What waits for me, or what was mine to decide. */
export const list = verb("workspace.see")
  .input(z.object({ state: z.enum(["pending", "decided"]).default("pending") }).optional())
  .query(({ ctx: { deps, scope }, input }): Promise<ApprovalView[]> =>
    listApprovals(deps.db, scope, input?.state ?? "pending"),
  );
